/**
 * Tunings that were measured in this process, for the Workers of all lanes: they have the same GPU, and each measuring for itself
 * would keep it from computing twice.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import type { GpuLimits } from "../device/limits.ts";
import type { ProgramOptions } from "../program/program_options.ts";
import type { Tuning } from "../program/rl_program.ts";

/** What a tuning is for. */
export interface TuningSubject {
  readonly box: Vec3;
  readonly method: ProgramOptions;
  readonly limitCaps: Partial<GpuLimits> | undefined;
}

/** Tunings by what they were measured for. */
export class SharedTunings {
  readonly #known = new Map<string, Promise<Tuning | undefined>>();

  /**
   * Opens something that measures its tuning, unless it is given the one that was measured for an equal subject; who comes while
   * that goes on waits for it. What fails is measured anew.
   */
  async open<Opened extends { readonly tuning: Tuning | undefined }>(
    subject: TuningSubject,
    open: (known: Tuning | undefined) => Promise<Opened>,
  ): Promise<Opened> {
    const key = JSON.stringify(subject);
    const known = this.#known.get(key);
    if (known) return await open(await known.catch(() => undefined));
    const opened = open(undefined);
    const tuning = opened.then(({ tuning }) => tuning);
    this.#known.set(key, tuning);
    tuning.catch(() => this.#known.delete(key));
    return await opened;
  }
}
