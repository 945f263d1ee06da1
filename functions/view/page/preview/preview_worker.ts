/** The page's end of the Worker that opens files and deconvolves. It is started, and its script loaded, with the first call. */
import { ClearstackError, errorFromRecord } from "shared/errors.ts";
import type { CallName, FromPreview, PreviewCalls, PreviewProgress, ToPreview } from "./messages.ts";

/** Its file beside that of the page; infra/page builds both. */
const SCRIPT = "./preview.js";

interface CallOptions {
  /** Stops the call, which then rejects with kind `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PreviewProgress) => void) | undefined;
}

interface Waiting extends Pick<CallOptions, "onProgress"> {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls the Worker. One that ended, as for lack of memory, is started anew with the next call, and is given the files again. */
export class PreviewWorker {
  readonly #waiting = new Map<number, Waiting>();
  readonly #placed: PreviewCalls["place"]["request"][] = [];
  #worker: Worker | undefined;
  #ids = 0;

  /** @throws {ClearstackError} what the call throws; `internal` where the Worker cannot run */
  call<Name extends CallName>(
    call: Name,
    request: PreviewCalls[Name]["request"],
    { signal, onProgress }: CallOptions = {},
  ): Promise<PreviewCalls[Name]["response"]> {
    if (signal?.aborted) return Promise.reject(new ClearstackError("cancelled", "it is not needed any more"));
    const id = this.#ids++;
    const worker = this.#started();
    if (call === "place") this.#placed.push(request as PreviewCalls["place"]["request"]);
    const { promise, resolve, reject } = Promise.withResolvers<PreviewCalls[Name]["response"]>();
    this.#waiting.set(id, { resolve: resolve as (response: unknown) => void, reject, onProgress });
    const stop = () => send(worker, { cancel: id });
    signal?.addEventListener("abort", stop);
    send(worker, { id, call, request });
    return promise.finally(() => signal?.removeEventListener("abort", stop));
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL(SCRIPT, import.meta.url), { type: "module", name: "preview" });
    worker.onmessage = ({ data }: MessageEvent<FromPreview>) => this.#take(data);
    worker.onerror = (event) => {
      event.preventDefault();
      const what = event.message ? `it failed: ${event.message}` : `its script ${SCRIPT} cannot be loaded`;
      const error = new ClearstackError(
        "internal",
        `the Worker that deconvolves in this browser does not run: ${what}`,
      );
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      worker.terminate();
      this.#worker = undefined;
    };
    for (const request of this.#placed) send(worker, { id: this.#ids++, call: "place", request });
    return this.#worker = worker;
  }

  #take(message: FromPreview): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ("progress" in message) return waiting.onProgress?.(message.progress);
    this.#waiting.delete(message.id);
    if ("error" in message) waiting.reject(errorFromRecord(message.error));
    else waiting.resolve(message.response);
  }
}

function send(worker: Worker, message: ToPreview): void {
  worker.postMessage(message);
}
