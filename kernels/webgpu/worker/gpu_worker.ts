/**
 * The calling thread's end of a GPU Worker: one per process and lane, shared by the deconvolvers of the lane and ended with the
 * last. Lanes take turns in computing, so that one transfers while another computes.
 */
import type { OnIterations } from "kernels/deconvolver.ts";
import { ClearstackError, errorFromRecord } from "shared/errors.ts";
import { endTurn, freeTurn, type TurnState } from "./compute_turn.ts";
import type { CallName, FromWorker, ToWorker, WorkerCalls } from "./messages.ts";

/** Starts the thread of a GPU Worker. */
export type SpawnWorker = () => Worker;

const spawnWorker: SpawnWorker = () =>
  new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "webgpu" });

interface Pending {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: ClearstackError) => void;
  readonly onIterations: OnIterations | undefined;
}

/** Options of a call. */
interface CallOptions {
  readonly transfer?: Transferable[];
  /** Cancels the call; it then fails with `cancelled` unless it is finished first. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the iterations of a run while it goes on. */
  readonly onIterations?: OnIterations | undefined;
}

/** Workers by lane. */
const lanes = new Map<number, GpuWorker>();

const turns = freeTurn();

/** A running GPU Worker. */
export class GpuWorker {
  readonly #worker: Worker;
  /** For the Worker to take turns with those of other lanes. */
  readonly turn: { readonly state: TurnState; readonly worker: number };
  readonly #pending = new Map<number, Pending>();
  #users = 0;
  #calls = 0;
  #lost = false;

  private constructor(spawn: SpawnWorker, turn: GpuWorker["turn"]) {
    this.turn = turn;
    this.#worker = spawn();
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#settle(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`the GPU Worker crashed: ${event.message}`);
    };
  }

  /** The Worker of a lane, started if need be, or one of its own kind; give it back with {@link release}. */
  static acquire(
    { lane = 0, spawn }: { readonly lane?: number; readonly spawn?: SpawnWorker | undefined } = {},
  ): GpuWorker {
    const kept = spawn ? undefined : lanes.get(lane);
    const worker = kept && !kept.#lost
      ? kept
      : new GpuWorker(spawn ?? spawnWorker, { state: spawn ? freeTurn() : turns, worker: lane + 1 });
    if (!spawn) lanes.set(lane, worker);
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
      const lane = this.turn.worker - 1;
      if (lanes.get(lane) === this) lanes.delete(lane);
      this.#terminate();
    });
  }

  /** Makes a call; calls are answered in order. */
  call<Name extends CallName>(
    call: Name,
    request: WorkerCalls[Name]["request"],
    { transfer = [], signal, onIterations }: CallOptions = {},
  ): Promise<WorkerCalls[Name]["response"]> {
    if (this.#lost) return Promise.reject(lostError("it went away before this call"));
    const id = this.#calls++;
    const cancel = () => this.#post({ cancel: id }, []);
    signal?.addEventListener("abort", cancel, { once: true });
    return new Promise<WorkerCalls[Name]["response"]>((resolve, reject) => {
      // What comes back for an id is the response of the call that was made with it.
      this.#pending.set(id, {
        resolve: (response) => resolve(response as WorkerCalls[Name]["response"]),
        reject,
        onIterations,
      });
      this.#post({ id, call, request }, transfer);
    }).finally(() => signal?.removeEventListener("abort", cancel));
  }

  #post(message: ToWorker, transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer);
  }

  #settle(answer: FromWorker): void {
    const pending = this.#pending.get(answer.id);
    if ("iterations" in answer) return pending?.onIterations?.(answer.iterations);
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
    if (this.#lost) return;
    this.#lost = true;
    this.#terminate();
    for (const { reject } of this.#pending.values()) reject(lostError(reason));
    this.#pending.clear();
  }

  #terminate(): void {
    this.#worker.terminate();
    endTurn(this.turn.state, this.turn.worker);
  }
}

function lostError(reason: string): ClearstackError {
  return new ClearstackError("device-lost", `the GPU is gone: ${reason}; the next run opens it again`);
}
