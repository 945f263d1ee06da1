/** The thread behind judge_psf_apart.ts. */
import { type ErrorRecord, errorToRecord } from "shared/errors.ts";
import { type ComputedPsfCase, type JudgedPsf, judgePsf, type PsfCase } from "./judge_psf.ts";

/** From the thread: that it runs, and then what came of the PSF that it was sent. */
export type FromPsfThread = "ready" | { readonly judged: JudgedPsf } | { readonly failure: ErrorRecord };

/** The part of a dedicated Worker's global scope that is used; its types would clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<PsfCase | ComputedPsfCase>) => void) | null;
  postMessage(message: FromPsfThread): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage({ judged: await judgePsf(data) });
  } catch (error) {
    scope.postMessage({ failure: errorToRecord(error) });
  }
};
scope.postMessage("ready");
