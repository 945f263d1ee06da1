/** Sliders of the plane and of the time point. */
import { shortNumber, unitSymbol } from "../state/scale_bar.ts";
import { depthAxis, moveTo, moveToTime, type Viewer } from "../state/viewer.ts";

/** The sliders; nothing for axes of one position. */
export function PositionSliders({ viewer }: { readonly viewer: Viewer }) {
  const axis = depthAxis(viewer);
  const reference = viewer.reference.value!;
  const { shape, spacing } = reference.levels[0]!;
  const at = viewer.at.value[axis];
  const length = `${shortNumber(at * spacing[axis])} ${unitSymbol(reference.unit)}`;
  return (
    <div class="positions">
      {shape[axis] > 1 && (
        <PositionSlider
          name={axis}
          words={`Plane along ${axis}`}
          at={at}
          count={shape[axis]}
          note={reference.unit === undefined ? "" : length}
          isOff={viewer.projection.value}
          move={(index) => moveTo(viewer, axis, index)}
        />
      )}
      {shape.t > 1 && (
        <PositionSlider
          name="t"
          words="Time point"
          at={viewer.time.value}
          count={shape.t}
          note=""
          isOff={false}
          move={(index) => moveToTime(viewer, index)}
        />
      )}
    </div>
  );
}

interface PositionSliderProps {
  readonly name: string;
  readonly words: string;
  readonly at: number;
  readonly count: number;
  readonly note: string;
  /** True where the position does not matter. */
  readonly isOff: boolean;
  readonly move: (index: number) => void;
}

function PositionSlider({ name, words, at, count, note, isOff, move }: PositionSliderProps) {
  return (
    <label class="position">
      <span aria-hidden="true">{name}</span>
      <input
        type="range"
        min={0}
        max={count - 1}
        value={at}
        disabled={isOff}
        aria-label={words}
        aria-valuetext={`${at} of 0 to ${count - 1}${note && `, ${note}`}`}
        onInput={(event) => move(event.currentTarget.valueAsNumber)}
      />
      <output>{isOff ? `all ${count}` : `${at} / ${count - 1}`}</output>
      {note && <output class="note">{isOff ? "" : note}</output>}
    </label>
  );
}
