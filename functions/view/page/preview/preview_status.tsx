/** What is being computed, where it was computed, and what went wrong. */
import { shortNumber } from "../state/scale_bar.ts";
import type { Viewer } from "../state/viewer.ts";
import type { PreviewProgress, PreviewResult } from "./messages.ts";
import type { Preview, PreviewStatus } from "./preview.ts";

interface StatusProps {
  readonly viewer: Viewer;
  readonly preview: Preview;
  readonly status: PreviewStatus;
}

const STEPS = { psf: "Computing the PSF", read: "Reading", iterate: "Iterating" } as const;

/** The lines below the fields. */
export function PreviewStatusLine({ preview, status }: StatusProps) {
  if (status.state === "idle") return null;
  if (status.state === "running") return <Running preview={preview} progress={status.progress} />;
  if (status.state === "failed") {
    return (
      <div class="failure" role="alert">
        <p>
          <strong>Not deconvolved:</strong> {status.explanation.problem}
        </p>
        <p>{status.explanation.mend}</p>
      </div>
    );
  }
  return <Done preview={preview} result={status.result} isCut={status.isCut} />;
}

function Running({ preview, progress }: { readonly preview: Preview; readonly progress: PreviewProgress | undefined }) {
  const { step = "psf", done = 0, total = 0 } = progress ?? {};
  return (
    <div class="running">
      {total > 0
        ? <progress max={total} value={done} aria-label="Iterations that are done" />
        : <progress aria-label="Deconvolving" />}
      <p class="actions">
        <span class="note">{STEPS[step]}{step === "iterate" && ` ${done} of ${total}`}</span>
        <button type="button" onClick={preview.stop}>Stop</button>
      </p>
    </div>
  );
}

function Done({ preview, result, isCut }: {
  readonly preview: Preview;
  readonly result: PreviewResult;
  readonly isCut: boolean;
}) {
  const { region: { start, shape }, box, backend, adapter, reason, seconds, kernelSeconds, warnings } = result;
  const span = (axis: 0 | 1 | 2) => `${start[axis]} to ${start[axis]! + shape[axis]! - 1}`;
  const voxels = (sides: readonly number[]) => shortNumber(sides.reduce((product, side) => product * side, 1) / 1e6);
  const technique = backend === "webgpu" ? "WebGPU" : "WebAssembly";
  return (
    <div class="done">
      <p>
        <strong>Preview</strong> of full resolution: z {span(0)}, y {span(1)}, x {span(2)}, in a box of {voxels(box)}
        {" "}
        million voxels.
      </p>
      {isCut && (
        <p class="warning">
          Only a part of what you asked for: with its halo, all of it is more than the 16.8 million voxels that are
          computed here.
        </p>
      )}
      <p class="note" title={reason}>
        {technique} on {adapter}: {shortNumber(kernelSeconds)} s of {shortNumber(seconds)} s.
      </p>
      {warnings.map(({ message, level }) => (
        <p key={message} class={level === "warning" ? "warning" : "note"}>
          {message.replace(/memory:files\/[\w-]+\//g, "")}
        </p>
      ))}
      <p class="actions">
        <button type="button" onClick={preview.remove}>Remove</button>
      </p>
    </div>
  );
}
