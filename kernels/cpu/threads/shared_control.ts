/**
 * The first words of the shared memory: how the threads meet, share out work, and learn about each run's parameters.
 */

import { GROUP_ROWS } from "../steps/row_exchange.ts";

/** Addresses of float32 run parameters, read by the kernels. */
export const EPSILON_ADDRESS = 64;
export const MOMENTUM_ADDRESS = 68;
export const HELD_OUT_RATIO_ADDRESS = 72;
/**
 * The least that each of eight rows is extrapolated to; in the last group of a plane 0 for rows beyond the box, which have to
 * stay 0: nothing normalises them.
 */
export const MIN_POINTS_ADDRESS = 192;
export const LAST_MIN_POINTS_ADDRESS = 224;

/** Indices of 32-bit words. */
const ARRIVED = 0;
const GENERATION = 1;
const TICKET = 2;
const CANCEL = 3;
const STOP = 4;
const ITERATIONS = 5;

/** Index of the first of the 64-bit words that hold an {@link ImageSummary}. */
const SUMMARY = 16;

/** Summary of an image that has been read. */
export interface ImageSummary {
  /** Sum and largest of the values that count, negative ones taken as 0. */
  readonly sum: number;
  readonly peak: number;
  /** Index of the first voxel that is NaN or infinite, or -1. */
  readonly badVoxel: number;
}

/** One thread's view of the control words. */
export class SharedControl {
  readonly #words: Int32Array<ArrayBufferLike>;
  readonly #parameters: Float32Array<ArrayBufferLike>;
  readonly #summary: Float64Array<ArrayBufferLike>;
  readonly #threads: number;

  constructor(memory: WebAssembly.Memory, threads: number) {
    this.#words = new Int32Array(memory.buffer, 0, 16);
    this.#parameters = new Float32Array(memory.buffer, 0, 64);
    this.#summary = new Float64Array(memory.buffer, 8 * SUMMARY, 3);
    this.#threads = threads;
  }

  /** Sets a parameter for the kernels; only between sweeps. */
  setParameter(address: number, value: number): void {
    this.#parameters[address / 4] = value;
  }

  /** Sets what voxels are extrapolated to at least, in planes of `ny` rows; only between sweeps. */
  setMinPoint(value: number, ny: number): void {
    const rowsOfLast = ny % GROUP_ROWS || GROUP_ROWS;
    for (let row = 0; row < GROUP_ROWS; row++) {
      this.setParameter(MIN_POINTS_ADDRESS + 4 * row, value);
      this.setParameter(LAST_MIN_POINTS_ADDRESS + 4 * row, row < rowsOfLast ? value : 0);
    }
  }

  get summary(): ImageSummary {
    const [sum, peak, badVoxel] = this.#summary;
    return { sum, peak, badVoxel };
  }

  /** Tells all threads; only as the `last` step of a sweep. */
  set summary({ sum, peak, badVoxel }: ImageSummary) {
    this.#summary.set([sum, peak, badVoxel]);
  }

  /**
   * Calls `work` with the numbers 0 to `count - 1`, shared out among the threads as they become free, and returns when all of
   * them are done; `last` then runs in exactly one thread before any returns. Every thread must call this with the same count.
   */
  sweep(count: number, work: (item: number) => void, last?: () => void): void {
    for (let item = this.#ticket(); item < count; item = this.#ticket()) work(item);
    const generation = Atomics.load(this.#words, GENERATION);
    if (Atomics.add(this.#words, ARRIVED, 1) === this.#threads - 1) {
      Atomics.store(this.#words, ARRIVED, 0);
      Atomics.store(this.#words, TICKET, 0);
      last?.();
      Atomics.add(this.#words, GENERATION, 1);
      Atomics.notify(this.#words, GENERATION);
    } else {
      while (Atomics.load(this.#words, GENERATION) === generation) Atomics.wait(this.#words, GENERATION, generation);
    }
  }

  /** Asks for the run to end, from any thread. */
  requestStop(): void {
    Atomics.store(this.#words, CANCEL, 1);
  }

  /** Clears requests to stop and the count of iterations; before a run. */
  begin(): void {
    for (const word of [CANCEL, STOP, ITERATIONS]) Atomics.store(this.#words, word, 0);
  }

  /** Iterations done by the run. */
  get iterations(): number {
    return Atomics.load(this.#words, ITERATIONS);
  }

  /** Counts an iteration, and turns a request to stop into a decision that all threads see alike; only as the `last` step of a sweep. */
  endIteration(): void {
    Atomics.add(this.#words, ITERATIONS, 1);
    Atomics.store(this.#words, STOP, Atomics.load(this.#words, CANCEL));
  }

  /** The decision of the sweep that has ended. */
  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  #ticket(): number {
    return Atomics.add(this.#words, TICKET, 1);
  }
}
