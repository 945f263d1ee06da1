/**
 * The calling thread's end of the GPU Worker: one Worker per process, shared by all deconvolvers and ended with the last.
 */
import { ClearstackError, errorFromRecord } from "shared/errors.ts";
import type { CallName, FromWorker, ToWorker, WorkerCalls } from "./messages.ts";

/** Starts the thread of a GPU Worker. */
export type SpawnWorker = () => Worker;

const spawnWorker: SpawnWorker = () =>
  new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "webgpu" });

interface Pending {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: ClearstackError) => void;
}

/** How to make a call. */
export interface CallOptions {
  readonly transfer?: Transferable[];
  /** Cancels the call; it then fails with `cancelled` unless it is finished first. */
  readonly signal?: AbortSignal | undefined;
}

let shared: GpuWorker | undefined;

/** A running GPU Worker. */
export class GpuWorker {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #users = 0;
  #calls = 0;
  #lost = false;

  private constructor(spawn: SpawnWorker) {
    this.#worker = spawn();
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#settle(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`the GPU Worker crashed: ${event.message}`);
    };
  }

  /** The Worker of this process, started if need be, or one of its own kind; give it back with {@link release}. */
  static acquire(spawn?: SpawnWorker): GpuWorker {
    if (!spawn && (!shared || shared.#lost)) shared = new GpuWorker(spawnWorker);
    const worker = spawn ? new GpuWorker(spawn) : shared!;
    worker.#users++;
    return worker;
  }

  /** True once the device or the thread is gone; every call fails then, and {@link acquire} starts another. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** Ends the thread unless somebody still uses it, or takes it over in this very turn of the event loop. */
  release(): void {
    this.#users--;
    setTimeout(() => {
      if (this.#users > 0) return;
      if (shared === this) shared = undefined;
      this.#worker.terminate();
    });
  }

  /** Makes a call; calls are answered in order. */
  call<Name extends CallName>(
    call: Name,
    request: WorkerCalls[Name]["request"],
    { transfer = [], signal }: CallOptions = {},
  ): Promise<WorkerCalls[Name]["response"]> {
    if (this.#lost) return Promise.reject(lostError("it went away before this call"));
    const id = this.#calls++;
    const cancel = () => this.#post({ cancel: id }, []);
    signal?.addEventListener("abort", cancel, { once: true });
    return new Promise<WorkerCalls[Name]["response"]>((resolve, reject) => {
      // What comes back for an id is the response of the call that was made with it.
      this.#pending.set(id, { resolve: (response) => resolve(response as WorkerCalls[Name]["response"]), reject });
      this.#post({ id, call, request }, transfer);
    }).finally(() => signal?.removeEventListener("abort", cancel));
  }

  #post(message: ToWorker, transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer);
  }

  #settle(answer: FromWorker): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (!("error" in answer)) {
      pending?.resolve(answer.response);
      return;
    }
    pending?.reject(errorFromRecord(answer.error));
    if (answer.error.kind === "device-lost") this.#lose(answer.error.message);
  }

  /** A lost device does not come back: the thread ends, and with it everything it held. */
  #lose(reason: string): void {
    this.#lost = true;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(lostError(reason));
    this.#pending.clear();
  }
}

function lostError(reason: string): ClearstackError {
  return new ClearstackError("device-lost", `the GPU is gone: ${reason}; the next run opens it again`);
}
