/** What is being computed, where it was computed, and what went wrong. */
import { voxelCount } from "shared/volume/geometry.ts";
import { shortNumber } from "../state/scale_bar.ts";
import { announce, type Viewer } from "../state/viewer.ts";
import { explainPreview } from "./explain_preview.ts";
import type { PreviewProgress, PreviewResult } from "./messages.ts";
import type { Preview, PreviewStatus } from "./preview.ts";

interface StatusProps {
  readonly viewer: Viewer;
  readonly preview: Preview;
  readonly status: PreviewStatus;
}

/** Until a browser has taken over a download. */
const SAVING_MILLISECONDS = 60_000;

const STEPS = { psf: "Computing the PSF", read: "Reading", iterate: "Iterating" } as const;

/** The lines below the fields. */
export function PreviewStatusLine({ viewer, preview, status }: StatusProps) {
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
  return <Done viewer={viewer} preview={preview} result={status.result} isCut={status.isCut} />;
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

/** Hands a file over as a download, which stays on this machine. */
async function save(preview: Preview, viewer: Viewer): Promise<void> {
  try {
    const saved = await preview.save();
    if (saved === undefined) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(saved.file);
    link.download = saved.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), SAVING_MILLISECONDS);
    announce(viewer, `${saved.name} is saved`);
  } catch (error) {
    viewer.notices.value = [{ about: "Save:", ...explainPreview(error, location.origin) }];
  }
}

function Done({ viewer, preview, result, isCut }: {
  readonly viewer: Viewer;
  readonly preview: Preview;
  readonly result: PreviewResult;
  readonly isCut: boolean;
}) {
  const { region: { start, shape }, box, maxBoxVoxels, backend, adapter, reason, seconds, kernelSeconds, warnings } =
    result;
  const span = (axis: 0 | 1 | 2) => `${start[axis]} to ${start[axis]! + shape[axis]! - 1}`;
  const millions = (voxels: number) => shortNumber(voxels / 1e6);
  const technique = backend === "webgpu" ? "WebGPU" : "WebAssembly";
  return (
    <div class="done">
      <p>
        <strong>Preview</strong> of full resolution: z {span(0)}, y {span(1)}, x {span(2)}, in a box of{" "}
        {millions(voxelCount(box))} million voxels.
      </p>
      {isCut && (
        <p class="warning">
          Only a part of what you asked for: with its halo, all of it is more than the {millions(maxBoxVoxels)}{" "}
          million voxels that are computed here.
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
        <button type="button" onClick={() => void save(preview, viewer)}>Save as OME-TIFF</button>
        <button type="button" onClick={preview.remove}>Remove</button>
      </p>
    </div>
  );
}
