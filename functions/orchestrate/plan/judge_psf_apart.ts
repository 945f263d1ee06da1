/** Large PSFs are judged on a thread of their own, so that requests are answered meanwhile. */
import { errorFromRecord } from "shared/errors.ts";
import { unlessAborted } from "shared/process/unless_aborted.ts";
import { type ComputedPsfCase, type JudgedPsf, judgePsf, type PsfCase } from "./judge_psf.ts";
import type { FromPsfThread } from "./judge_psf_worker.ts";

/** Below so many voxels it takes no more time, some 100 ms, than a thread takes to start. */
const MIN_VOXELS = 2 ** 18;

/**
 * As `judgePsf`; where no thread may be started, on this one.
 *
 * @throws {ClearstackError} what fitting throws; `cancelled`
 */
export async function judgePsfApart(
  given: PsfCase | ComputedPsfCase,
  signal: AbortSignal | undefined,
): Promise<JudgedPsf> {
  // One that is computed takes seconds, if it has depth.
  const voxels = "stored" in given ? given.stored.values.length : given.optics.voxelMicrometre[0] === 0 ? 0 : Infinity;
  if (voxels < MIN_VOXELS) return await judgePsf(given);
  const worker = new Worker(new URL("./judge_psf_worker.ts", import.meta.url), { type: "module", name: "psf" });
  const failed = Promise.withResolvers<never>();
  worker.onerror = (event) => {
    event.preventDefault();
    failed.reject(new Error(`the thread that judges a PSF failed: ${event.message}`));
  };
  failed.promise.catch(() => {});
  const answer = () =>
    new Promise<FromPsfThread>((resolve) =>
      worker.onmessage = ({ data }: MessageEvent<FromPsfThread>) => resolve(data)
    );
  try {
    const isRunning = await unlessAborted(
      Promise.race([answer(), failed.promise]).then(() => true, () => false),
      signal,
    );
    if (!isRunning) return await judgePsf(given);
    worker.postMessage(given, "stored" in given ? [given.stored.values.buffer as ArrayBuffer] : []);
    const judged = await unlessAborted(Promise.race([answer(), failed.promise]), signal);
    if (judged === "ready") throw new Error("the thread that judges a PSF started twice");
    if ("failure" in judged) throw errorFromRecord(judged.failure);
    return judged.judged;
  } finally {
    worker.terminate();
  }
}
