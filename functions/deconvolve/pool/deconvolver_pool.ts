/**
 * The deconvolvers of this process. Making one costs transforms of the PSF and compiled kernels, so it is kept while tiles ask for
 * the same; a new one is made only after those that nobody uses have freed their memory, as the plan counts on. A GPU has two, so
 * that one transfers while the other computes.
 */
import type { ChosenBackend } from "kernels/backend.ts";
import type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, VoxelData } from "kernels/deconvolver.ts";
import type { BackendChoice } from "shared/contract/algorithm.ts";
import { isClearstackError } from "shared/errors.ts";
import { addSpan, isTraced, spanTime, withSpan } from "shared/telemetry/span.ts";
import { FairSlots } from "./fair_slots.ts";
import { addPhaseSpans } from "./phase_spans.ts";

/** The backend that a choice led to. */
export type ChosenDevice = Omit<ChosenBackend, "reason">;

/** The kernels, as this function uses them. */
export interface Kernels {
  /** @throws {ClearstackError} `no-device` */
  chooseBackend(choice: BackendChoice): Promise<ChosenDevice>;
  /** @throws {ClearstackError} `device-memory`, `device-lost`, `no-device` */
  createDeconvolver(backend: "webgpu" | "cpu", options: DeconvolverOptions, lane: number): Promise<Deconvolver>;
}

/** Requirements on a deconvolver; `psfSha256` stands for the PSF where two are compared. */
export interface DeconvolverWish extends DeconvolverOptions {
  readonly backend: "webgpu" | "cpu";
  readonly psfSha256: string;
  readonly boxesAtOnce: number;
}

/** A run and the device it ran on. */
export interface PoolResult extends RunResult {
  readonly adapter: string;
}

interface Kept {
  readonly key: string;
  readonly deconvolver: Deconvolver;
}

/** Runs boxes in the order they arrive, as many at a time as they allow. */
export class DeconvolverPool {
  readonly #kernels: Kernels;
  readonly #slots = new FairSlots();
  /** By slot. */
  readonly #kept = new Map<number, Kept>();

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /**
   * Deconvolves one box; see {@link Deconvolver.run} for `data`.
   *
   * @throws {ClearstackError} what the kernels throw, or `cancelled` while waiting
   */
  run(wish: DeconvolverWish, data: VoxelData, options: RunOptions & { signal: AbortSignal }): Promise<PoolResult> {
    const asked = spanTime();
    return this.#slots.run(
      async (slot) => {
        addSpan("wait for the device", { start: asked, seconds: (spanTime() - asked) / 1000 });
        try {
          const deconvolver = await withSpan("prepare the kernels", {}, () => this.#deconvolverFor(slot, wish));
          return await runTraced(deconvolver, data, options);
        } catch (error) {
          // A lost device does not come back by itself; the next attempt starts on a new one.
          if (isClearstackError(error, "device-lost") || isClearstackError(error, "device-memory")) {
            await this.#drop(slot);
          }
          throw error;
        }
      },
      wish.boxesAtOnce,
      options.signal,
    );
  }

  /** Frees the device once the runs under way have finished. */
  close(): Promise<void> {
    return this.#slots.run(() => this.#dropAll(() => true), 1, new AbortController().signal);
  }

  async #deconvolverFor(slot: number, wish: DeconvolverWish): Promise<Deconvolver> {
    const { backend, psfSha256, boxesAtOnce: _, ...options } = wish;
    const key = JSON.stringify([backend, psfSha256, { ...options, psf: undefined }]);
    const kept = this.#kept.get(slot);
    if (kept?.key === key) return kept.deconvolver;
    await this.#drop(slot);
    await this.#dropAll((other) => !this.#slots.held.has(other) && this.#kept.get(other)?.key !== key);
    const deconvolver = await this.#kernels.createDeconvolver(backend, options, slot);
    this.#kept.set(slot, { key, deconvolver });
    return deconvolver;
  }

  async #dropAll(which: (slot: number) => boolean): Promise<void> {
    for (const slot of [...this.#kept.keys()].filter(which)) await this.#drop(slot);
  }

  async #drop(slot: number): Promise<void> {
    const kept = this.#kept.get(slot);
    this.#kept.delete(slot);
    await kept?.deconvolver.close();
  }
}

function runTraced(deconvolver: Deconvolver, data: VoxelData, options: RunOptions): Promise<PoolResult> {
  const { adapter } = deconvolver;
  return withSpan("deconvolve", { "clearstack.adapter": adapter }, async () => {
    const result = await deconvolver.run(data, isTraced() ? { ...options, timePasses: true } : options);
    addPhaseSpans(result, options.iterations);
    return { ...result, adapter };
  });
}
