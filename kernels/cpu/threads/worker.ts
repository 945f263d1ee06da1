/**
 * The thread of a CPU deconvolver: answers each setup and job with its outcome.
 */
import type { FromWorker, ToWorker } from "./messages.ts";
import { ThreadProgram } from "./thread_program.ts";

/** The part of a dedicated Worker's global scope that is used; its types would clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as WorkerScope;
let program: ThreadProgram | undefined;

scope.onmessage = ({ data: message }) => {
  try {
    if ("setup" in message) {
      program = new ThreadProgram(message.setup);
      scope.postMessage({ outcome: { status: "done", divergence: [] } });
    } else {
      scope.postMessage({ outcome: program!.execute(message.job) });
    }
  } catch (error) {
    scope.postMessage({ failure: error instanceof Error ? error.stack ?? error.message : String(error) });
  }
};
