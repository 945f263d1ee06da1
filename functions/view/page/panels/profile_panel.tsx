/** Values of both images along a line. */
import { SIDES } from "../data/picture.ts";
import { shortNumber, unitSymbol } from "../state/scale_bar.ts";
import { shownContrast, type Viewer } from "../state/viewer.ts";
import type { ShownValues } from "../shown_values.ts";

/** Sides of the drawing in its own units. */
const WIDTH = 320;
const HEIGHT = 120;

/** Points along the line. */
const POINTS = 256;

interface ProfilePanelProps {
  readonly viewer: Viewer;
  readonly values: ShownValues;
}

interface Curve {
  readonly side: "before" | "after";
  readonly points: readonly (number | undefined)[];
  readonly low: number;
  readonly high: number;
}

/** The panel; nothing where no profile is taken. */
export function ProfilePanel({ viewer, values }: ProfilePanelProps) {
  void viewer.tilesVersion.value;
  const line = viewer.line.value;
  const channel = viewer.channels.value.findIndex(({ visible }) => visible);
  if (line === undefined || channel < 0) return null;
  const [from, to] = line;
  const length = Math.hypot(to.u - from.u, to.v - from.v);
  const curves = SIDES.flatMap((side): Curve[] => {
    const points = values.along(side, channel, line, POINTS);
    const known = points.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
    return known.length === 0 ? [] : [{ side, points, low: Math.min(...known), high: Math.max(...known) }];
  });
  const name = viewer.channels.value[channel]!.name;
  return (
    <section class="panel profile" aria-labelledby="profile-title">
      <header>
        <h2 id="profile-title">Profile</h2>
        <span class="note">{name}</span>
      </header>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={describe(curves, length, viewer)}>
        <path class="axis" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {curves.map((curve) => (
          <path key={curve.side} class={curve.side} d={curvePath(curve, scaleOf(viewer, curve, curves, channel))} />
        ))}
      </svg>
      <div class="ends">
        <span>0</span>
        <span>{`${shortNumber(length)} ${unitSymbol(viewer.reference.value!.unit)}`}</span>
      </div>
      <ul class="legend">
        {curves.map(({ side, low, high }) => (
          <li key={side} class={side}>
            {`${side === "before" ? "Before" : "After"}: ${shortNumber(low)} to ${shortNumber(high)}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Range of the vertical axis: one for both curves where they share the contrast, else each fills the drawing. */
function scaleOf(viewer: Viewer, curve: Curve, curves: readonly Curve[], channel: number) {
  const shared = viewer.isContrastShared.value && shownContrast(viewer, curve.side, channel) !== undefined;
  const taken = shared ? curves : [curve];
  const low = Math.min(...taken.map((one) => one.low));
  const high = Math.max(...taken.map((one) => one.high));
  return { low, high: high > low ? high : low + 1 };
}

function curvePath({ points }: Curve, { low, high }: { readonly low: number; readonly high: number }): string {
  let pen = "M";
  return points.map((value, index) => {
    if (value === undefined || !Number.isFinite(value)) {
      pen = "M";
      return "";
    }
    const x = (WIDTH * index / (POINTS - 1)).toFixed(1);
    const y = (2 + (HEIGHT - 4) * (1 - (value - low) / (high - low))).toFixed(1);
    const step = `${pen}${x} ${y}`;
    pen = "L";
    return step;
  }).join("");
}

function describe(curves: readonly Curve[], length: number, viewer: Viewer): string {
  const unit = unitSymbol(viewer.reference.value!.unit);
  const parts = curves.map(({ side, low, high }) => `${side} from ${shortNumber(low)} to ${shortNumber(high)}`);
  return `Values along ${shortNumber(length)} ${unit}: ${parts.join(", ")}`;
}
