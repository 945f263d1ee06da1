/**
 * The one deconvolver of this process. Making one costs transforms of the PSF and compiled kernels, so it is kept while tiles
 * ask for the same; a new one is made only after the old one has freed its memory, as the plan counts on.
 */
import type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, VoxelData } from "kernels/deconvolver.ts";
import type { BackendChoice } from "shared/contract/backend.ts";
import { isClearstackError } from "shared/errors.ts";
import { FairLock } from "./fair_lock.ts";

/** The backend that a choice led to. */
export interface ChosenBackend {
  readonly backend: "webgpu" | "cpu";
  readonly adapter: string;
}

/** The kernels, as this function uses them. */
export interface Kernels {
  /** @throws {ClearstackError} `no-device` */
  chooseBackend(choice: BackendChoice): Promise<ChosenBackend>;
  /** @throws {ClearstackError} `device-memory`, `device-lost`, `no-device` */
  createDeconvolver(backend: "webgpu" | "cpu", options: DeconvolverOptions): Promise<Deconvolver>;
}

/** What a deconvolver is made for; `psfSha256` stands for the PSF where two are compared. */
export interface DeconvolverWish extends DeconvolverOptions {
  readonly backend: "webgpu" | "cpu";
  readonly psfSha256: string;
}

/** A run and the device it ran on. */
export interface PoolResult extends RunResult {
  readonly adapter: string;
}

/** Runs boxes one at a time, in the order they arrive. */
export class DeconvolverPool {
  readonly #kernels: Kernels;
  readonly #lock = new FairLock();
  #kept: { readonly key: string; readonly deconvolver: Deconvolver } | undefined;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /**
   * Deconvolves one box; see {@link Deconvolver.run} for `data`.
   *
   * @throws {ClearstackError} what the kernels throw, or `cancelled` while waiting
   */
  run(wish: DeconvolverWish, data: VoxelData, options: RunOptions & { signal: AbortSignal }): Promise<PoolResult> {
    return this.#lock.run(async () => {
      try {
        const deconvolver = await this.#deconvolverFor(wish);
        const result = await deconvolver.run(data, options);
        return { ...result, adapter: deconvolver.adapter };
      } catch (error) {
        // A lost device does not come back by itself; the next attempt starts on a new one.
        if (isClearstackError(error, "device-lost") || isClearstackError(error, "device-memory")) await this.#drop();
        throw error;
      }
    }, options.signal);
  }

  /** Frees the device once the run under way has finished. */
  close(): Promise<void> {
    return this.#lock.run(() => this.#drop(), new AbortController().signal);
  }

  async #deconvolverFor(wish: DeconvolverWish): Promise<Deconvolver> {
    const { backend, psfSha256, ...options } = wish;
    const key = JSON.stringify([backend, psfSha256, { ...options, psf: undefined }]);
    if (this.#kept?.key !== key) {
      await this.#drop();
      this.#kept = { key, deconvolver: await this.#kernels.createDeconvolver(backend, options) };
    }
    return this.#kept.deconvolver;
  }

  async #drop(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.deconvolver.close();
  }
}
