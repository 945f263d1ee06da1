/** Deconvolving of what is on the screen, by this browser. */
import { useId } from "preact/hooks";
import type { Viewer } from "../state/viewer.ts";
import { OpticsFields } from "./optics_fields.tsx";
import type { Preview } from "./preview.ts";
import { PreviewStatusLine } from "./preview_status.tsx";

interface PreviewPanelProps {
  readonly viewer: Viewer;
  readonly preview: Preview;
}

const ACCELERATIONS = [["none", "None"], ["shb", "Heavy ball (shb)"], ["biggs", "Biggs-Andrews"]] as const;
const BACKENDS = [["auto", "What is fastest"], ["webgpu", "WebGPU"], ["cpu", "WebAssembly"]] as const;

/** Ends of the sliders. */
const MAX_ITERATIONS = 100;
const MAX_VARIATION = 0.02;
const MAX_DAMPING = 5;

/** The panel; a button until somebody wants it, since its script is loaded then. */
export function PreviewPanel({ viewer, preview }: PreviewPanelProps) {
  // A result alone is not deconvolved again.
  if (viewer.pictures.value.before === undefined) return null;
  const { isOpen, status } = preview;
  return (
    <section class="panel preview" aria-labelledby="preview-title">
      <h2 id="preview-title">Deconvolve here</h2>
      {isOpen.value ? <Fields viewer={viewer} preview={preview} /> : (
        <>
          <p class="note">On your own GPU, in this browser. Nothing leaves it.</p>
          <button type="button" onClick={() => void preview.open()}>Set up</button>
        </>
      )}
      <PreviewStatusLine viewer={viewer} preview={preview} status={status.value} />
    </section>
  );
}

function Fields({ viewer, preview }: PreviewPanelProps) {
  const { settings, change, run } = preview;
  const { iterations, totalVariation, dampingSigmas, acceleration, backend } = settings.value;
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        run("view");
      }}
    >
      <OpticsFields viewer={viewer} preview={preview} />
      <Slider
        label="Iterations"
        value={iterations}
        min={1}
        max={MAX_ITERATIONS}
        step={1}
        change={(value) => change({ iterations: value })}
      />
      <Slider
        label="Smoothing (total variation)"
        value={totalVariation}
        min={0}
        max={MAX_VARIATION}
        step={0.0005}
        change={(value) => change({ totalVariation: value })}
      />
      <Slider
        label="Damping, standard deviations"
        value={dampingSigmas}
        min={0}
        max={MAX_DAMPING}
        step={0.5}
        change={(value) => change({ dampingSigmas: value })}
      />
      <Select
        label="Acceleration"
        choices={ACCELERATIONS}
        value={acceleration}
        change={(value) => change({ acceleration: value })}
      />
      <Select label="Compute with" choices={BACKENDS} value={backend} change={(value) => change({ backend: value })} />
      <p class="actions">
        <button type="submit">Deconvolve the view</button>
        <button type="button" onClick={() => run("volume")}>Whole volume</button>
      </p>
    </form>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly change: (value: number) => void;
}

/** A slider, which goes as far as its value at least. */
function Slider({ label, value, min, max, step, change }: SliderProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <output for={id}>{value}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={Math.max(max, value)}
        step={step}
        value={value}
        onInput={(event) => change(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly choices: readonly (readonly [value: Value, words: string])[];
  readonly value: Value;
  readonly change: (value: Value) => void;
}

function Select<Value extends string>({ label, choices, value, change }: SelectProps<Value>) {
  return (
    <label class="field">
      {label}
      <select value={value} onChange={(event) => change(event.currentTarget.value as Value)}>
        {choices.map(([choice, words]) => <option key={choice} value={choice}>{words}</option>)}
      </select>
    </label>
  );
}
