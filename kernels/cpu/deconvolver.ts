/**
 * Richardson-Lucy deconvolution on the CPU: WebAssembly SIMD, generated for the box, in one Worker per core over one shared
 * memory.
 */
import { ClearstackError } from "shared/errors.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { checkBox, checkRun, corruptVoxel } from "kernels/check_run.ts";
import { copyInPieces, copyPartInPieces } from "kernels/copy_in_pieces.ts";
import type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, VoxelData } from "kernels/deconvolver.ts";
import { wholeBox } from "kernels/part.ts";
import { PhaseClock } from "kernels/phase_clock.ts";
import { psfBox } from "kernels/psf_box.ts";
import { twiddleTable } from "./fft/fft_plan.ts";
import { kernelModule } from "./steps/kernel_module.ts";
import { type MemoryLayout, memoryLayout, PAGE_BYTES } from "./memory_layout.ts";
import type { Job, Outcome, RunJob } from "./threads/messages.ts";
import { exchangeTables } from "./steps/row_exchange.ts";
import { SharedControl } from "./threads/shared_control.ts";
import { simdRounding } from "./simd_support.ts";
import { canShareMemory, leaveMemory, takeMemory } from "./spare_memory.ts";
import { OwnThread } from "./threads/own_thread.ts";
import { WorkerPool } from "./threads/worker_pool.ts";

/** Options of {@link createCpuDeconvolver}. */
export interface CpuDeconvolverOptions extends DeconvolverOptions {
  /** Whole number >= 1. The estimate does not depend on it. @default {navigator.hardwareConcurrency} */
  readonly threads?: number;
}

/**
 * Starts the threads, generates the kernels and computes the OTF. A web page that is not cross-origin isolated has no memory that
 * Workers could share: there the calling thread computes, alone, and should be a Worker itself.
 *
 * @throws {ClearstackError} `invalid-request` for a box without fast sides or a PSF that does not fit, `over-budget` for a box
 * beyond 4 GiB, `device-memory` if that much cannot be had, `corrupt-data` for a PSF that cannot be normalised
 */
export async function createCpuDeconvolver(options: CpuDeconvolverOptions): Promise<Deconvolver> {
  checkBox(options.box);
  const shared = canShareMemory();
  const asked = options.threads ?? Math.max(1, navigator.hardwareConcurrency);
  if (!Number.isInteger(asked) || asked < 1) {
    throw new ClearstackError("invalid-request", `threads must be a whole number of at least 1, not ${asked}`);
  }
  const threads = shared ? asked : 1;
  const layout = memoryLayout(options.box, { ...options, threads });
  const psf = psfBox(options.psf, options.box);
  const memory = allocate(layout);
  fillTables(layout, memory);
  const { psf: _, ...settings } = options;
  const module = await WebAssembly.compile(kernelModule(layout, { ...settings, rounding: simdRounding(), shared }));
  const setup = { module, memory, layout, threads, settings };
  const pool = shared ? await WorkerPool.start(setup) : new OwnThread(setup);
  const deconvolver = new CpuDeconvolver(options, layout, memory, pool, threads);
  await deconvolver.prepare(psf);
  return deconvolver;
}

function allocate(layout: MemoryLayout): WebAssembly.Memory {
  try {
    return takeMemory(layout.pages);
  } catch (cause) {
    const mib = Math.ceil(layout.bytes.total / 2 ** 20);
    const message = `the CPU deconvolver could not allocate ${mib} MiB; free memory or use a smaller tile`;
    throw new ClearstackError("device-memory", message, { cause });
  }
}

function fillTables(layout: MemoryLayout, memory: WebAssembly.Memory): void {
  layout.plans.forEach((plan, axis) => {
    const table = twiddleTable(plan);
    new Float32Array(memory.buffer, layout.twiddles[axis], table.length).set(table);
  });
  const { write, read } = exchangeTables(layout.plans[2]);
  new Int32Array(memory.buffer, layout.writeTable, write.length).set(write);
  new Int32Array(memory.buffer, layout.readTable, read.length).set(read);
}

/** Interval at which a run tells how far it is. */
const TELLING_MILLISECONDS = 200;

class CpuDeconvolver implements Deconvolver {
  readonly backend = "cpu";
  readonly adapter: string;
  readonly #options: DeconvolverOptions;
  readonly #layout: MemoryLayout;
  readonly #memory: WebAssembly.Memory;
  readonly #control: SharedControl;
  readonly #staged: Float32Array<ArrayBufferLike>;
  readonly #pool: WorkerPool | OwnThread;
  /** Of the memory, which may be larger. */
  #usedBytes: number;
  /** True while no thread works, and none was ended at work. */
  #idle = true;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    options: DeconvolverOptions,
    layout: MemoryLayout,
    memory: WebAssembly.Memory,
    pool: WorkerPool | OwnThread,
    threads: number,
  ) {
    this.#options = options;
    this.adapter = `CPU, WebAssembly SIMD, ${threads} ${threads === 1 ? "thread" : "threads"}`;
    this.#layout = layout;
    this.#memory = memory;
    this.#usedBytes = layout.pages * PAGE_BYTES;
    this.#control = new SharedControl(memory, threads);
    this.#staged = new Float32Array(memory.buffer, layout.spectrum, voxelCount(layout.box));
    this.#pool = pool;
  }

  get allocatedBytes(): number {
    return this.#usedBytes;
  }

  /** Computes the OTF. */
  async prepare(psf: Float32Array): Promise<void> {
    const unmatched = this.#options.backProjector === "wiener-butterworth" ? this.#options.psf : undefined;
    await copyInPieces(psf, this.#staged);
    await this.#execute({ kind: "prepare", unmatched });
  }

  run(data: VoxelData, options: RunOptions): Promise<RunResult> {
    const result = this.#turn.then(() => this.#run(data, options));
    this.#turn = result.catch(() => {});
    return result;
  }

  close(): Promise<void> {
    this.#pool.close();
    // Threads that are ended at work may go on for a moment.
    if (this.#idle) leaveMemory(this.#memory);
    this.#idle = false;
    return Promise.resolve();
  }

  async #run(data: VoxelData, options: RunOptions): Promise<RunResult> {
    checkRun(this.#options, data, options);
    const { signal, heldOut, onIterations } = options;
    if (signal?.aborted) throw cancelled();
    const started = performance.now();
    const clock = new PhaseClock();
    this.#control.begin();
    const stop = () => this.#control.requestStop();
    signal?.addEventListener("abort", stop);
    const telling = onIterations && setInterval(() => onIterations(this.#control.iterations), TELLING_MILLISECONDS);
    try {
      if (heldOut) await this.#keepHeldOut(heldOut.values);
      await copyInPieces(data, this.#staged);
      clock.end("upload");
      const { status, divergence } = await this.#execute(this.#job(options));
      if (status === "corrupt") {
        const { badVoxel } = this.#control.summary;
        throw corruptVoxel(data[badVoxel], badVoxel, this.#options.box);
      }
      if (status === "stopped" || signal?.aborted) throw cancelled();
      clock.end("compute");
      const estimate = await this.#estimateOf(options);
      if (signal?.aborted) throw cancelled();
      clock.end("download");
      return { estimate, kernelSeconds: (performance.now() - started) / 1000, divergence, phases: clock.phases };
    } finally {
      clearInterval(telling);
      signal?.removeEventListener("abort", stop);
    }
  }

  async #estimateOf({ returned, into }: RunOptions): Promise<Float32Array> {
    const { box } = this.#options;
    const part = returned ?? wholeBox(box);
    const estimate = into ?? new Float32Array(voxelCount(part.shape));
    if (returned) await copyPartInPieces(this.#staged, box, { part, into: estimate });
    else await copyInPieces(this.#staged, estimate);
    return estimate;
  }

  async #execute(job: Job): Promise<Outcome> {
    this.#idle = false;
    const outcome = await this.#pool.execute(job);
    this.#idle = true;
    return outcome;
  }

  #job(options: RunOptions): RunJob {
    const whole = wholeBox(this.#options.box);
    return {
      kind: "run",
      iterations: options.iterations,
      start: options.start ?? "data",
      observed: (this.#options.nonCirculant && options.observed) || whole,
      mean: options.mean,
      measureEvery: options.measureEvery ?? 0,
      measured: options.measured ?? whole,
      heldOutRatio: options.heldOut?.ratio,
    };
  }

  /** Memory for held-out photons is added by the first run that has some. */
  async #keepHeldOut(values: Float32Array): Promise<void> {
    const needed = this.#layout.pagesWithHeldOut * PAGE_BYTES;
    const missing = needed - this.#memory.buffer.byteLength;
    if (missing > 0) grow(this.#memory, missing);
    this.#usedBytes = needed;
    await copyInPieces(values, this.#staged);
    await this.#execute({ kind: "holdOut" });
  }
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  try {
    memory.grow(Math.ceil(bytes / PAGE_BYTES));
  } catch (cause) {
    const mib = Math.ceil(bytes / 2 ** 20);
    const message = `held-out photons need ${mib} MiB more than the CPU deconvolver can have; use a smaller tile`;
    throw new ClearstackError("device-memory", message, { cause });
  }
}

function cancelled(): ClearstackError {
  return new ClearstackError("cancelled", "the deconvolution was cancelled");
}
