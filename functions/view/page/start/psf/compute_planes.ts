/** Planes of PSFs, computed on a thread of their own. */
import type { ComputedPsf } from "shared/contract/psf_info.ts";
import type { PsfPlanes } from "./psf_planes.ts";

/** What the thread answers. */
type Answer = { readonly planes: PsfPlanes } | { readonly fault: string };

/** Computes the planes of a PSF. @param signal ends the thread */
export function computePlanes(psf: ComputedPsf, signal: AbortSignal): Promise<Answer> {
  const worker = new Worker(new URL("./psf_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => worker.terminate());
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = () => resolve({ fault: "the thread that computes it cannot be started" });
    worker.postMessage(psf);
  });
}
