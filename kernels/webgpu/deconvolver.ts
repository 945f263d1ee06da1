/**
 * Richardson-Lucy deconvolution on the GPU, by way of a Worker.
 */
import { ClearstackError } from "shared/errors.ts";
import { checkBox, checkRun } from "kernels/check_run.ts";
import { copyInPieces } from "kernels/copy_in_pieces.ts";
import type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, VoxelData } from "kernels/deconvolver.ts";
import { isCentroSymmetric } from "kernels/psf_symmetry.ts";
import { GpuWorker, type SpawnWorker } from "./worker/gpu_worker.ts";
import type { GpuLimits } from "./device/limits.ts";
import { programOptions, type Tuning } from "./program/rl_program.ts";
import { SharedTunings } from "./tuning/shared_tunings.ts";

/** Options of {@link createWebGpuDeconvolver}. */
export interface WebGpuDeconvolverOptions extends DeconvolverOptions {
  /** Lower limits than the adapter's, to have boxes cut into more buffers. @default {the adapter's own limits} */
  readonly limitCaps?: Partial<GpuLimits>;
  /** @default {measured on a GPU with a clock, see tuning_choice.ts} */
  readonly tuning?: Tuning;
  /** Deconvolvers of different lanes overlap: one transfers while another computes. @default {0} */
  readonly lane?: number;
  /** Another Worker that speaks messages.ts. @default {worker.ts of this folder} */
  readonly spawnWorker?: SpawnWorker;
}

/** A runner in a Worker. */
interface Session {
  readonly worker: GpuWorker;
  readonly key: number;
  readonly adapter: string;
  readonly allocatedBytes: number;
  readonly tuning: Tuning | undefined;
}

let keys = 0;

/**
 * Opens the GPU, allocates everything and computes the OTF. If the GPU is lost, the run fails with `device-lost` and the next
 * one opens it again.
 *
 * @throws {ClearstackError} `no-device`, `device-memory`, `over-budget` for a box beyond the limits of the GPU,
 * `invalid-request` for a box without fast sides or a PSF that does not fit, `corrupt-data` for a PSF that cannot be normalised
 */
export async function createWebGpuDeconvolver(options: WebGpuDeconvolverOptions): Promise<Deconvolver> {
  checkBox(options.box);
  return new WebGpuDeconvolver(options, await openSession(options));
}

/** Tunings of this process's GPU. */
const tunings = new SharedTunings();

function openSession(options: WebGpuDeconvolverOptions): Promise<Session> {
  const { box, psf, limitCaps, spawnWorker, tuning } = options;
  // Another Worker may have another device.
  if (tuning || spawnWorker) return openWorker(options);
  const method = programOptions({ ...options, symmetricPsf: isCentroSymmetric(psf) });
  return tunings.open(
    { box, method, limitCaps },
    (known) => openWorker(known ? { ...options, tuning: known } : options),
  );
}

async function openWorker({ spawnWorker: spawn, lane = 0, ...options }: WebGpuDeconvolverOptions): Promise<Session> {
  const worker = GpuWorker.acquire({ lane, spawn });
  try {
    const key = keys++;
    return { worker, key, ...await worker.call("open", { key, options, turn: worker.turn }) };
  } catch (error) {
    worker.release();
    throw error;
  }
}

class WebGpuDeconvolver implements Deconvolver {
  readonly backend = "webgpu";
  readonly adapter: string;
  #allocatedBytes: number;
  readonly #options: WebGpuDeconvolverOptions;
  readonly #closed = new AbortController();
  #session: Session | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WebGpuDeconvolverOptions, session: Session) {
    this.#options = options;
    this.#session = session;
    this.adapter = session.adapter;
    this.#allocatedBytes = session.allocatedBytes;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  run(data: VoxelData, options: RunOptions): Promise<RunResult> {
    const result = this.#turn.then(() => this.#run(data, options));
    this.#turn = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#turn;
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    if (!session.worker.isLost) await session.worker.call("close", { key: session.key });
    session.worker.release();
  }

  async #run(data: VoxelData, { signal, onIterations, ...options }: RunOptions): Promise<RunResult> {
    const stop = signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
    if (stop.aborted) throw new ClearstackError("cancelled", "the run was cancelled before it began");
    checkRun(this.#options, data, options);
    const { worker, key } = await this.#openSession();
    const { heldOut, into, ...unsent } = options;
    // What is shared is filled where it lies; a copy of anything else would be.
    const isShared = into !== undefined && !(into.buffer instanceof ArrayBuffer);
    const plain = isShared ? { ...unsent, into } : unsent;
    const values = await sendable(data);
    const photons = heldOut && { ...heldOut, values: await sendable(heldOut.values) };
    const copies = [values, ...(photons ? [photons.values] : [])].map(({ buffer }) => buffer);
    const transfer = copies.filter((buffer) => buffer instanceof ArrayBuffer);
    const request = { key, values, options: photons ? { ...plain, heldOut: photons } : plain };
    const { result, allocatedBytes } = await worker.call("run", request, { transfer, signal: stop, onIterations });
    this.#allocatedBytes = allocatedBytes;
    if (into && !isShared) await copyInPieces(result.estimate, into);
    // The Worker may have been done before it heard of that.
    if (stop.aborted) throw new ClearstackError("cancelled", "the deconvolution was cancelled");
    return into ? { ...result, estimate: into } : result;
  }

  /** The session, anew if the GPU was lost. */
  async #openSession(): Promise<Session> {
    if (this.#session?.worker.isLost) {
      this.#session.worker.release();
      this.#session = undefined;
    }
    this.#session ??= await openSession(this.#options);
    return this.#session;
  }
}

/** Values that can go to a Worker while the caller keeps its own: shared memory as it is, anything else as a copy. */
async function sendable<Values extends VoxelData>(values: Values): Promise<Values> {
  if (!(values.buffer instanceof ArrayBuffer)) return values;
  const copy = new (values.constructor as new (length: number) => Values)(values.length);
  await copyInPieces(values, copy);
  return copy;
}
