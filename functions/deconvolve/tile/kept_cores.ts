/**
 * What became of tiles that a pilot has run to the end, for when the same tiles are to be written: they need not be computed twice.
 * It is a matter of time alone, since the result depends on the task alone.
 */
import type { TileReport } from "shared/contract/tile.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import type { BoxTask } from "./kernel_options.ts";

/** The core of a tile, x contiguous, and what its record says of it. */
interface KeptCore extends Pick<TileReport, "backend" | "adapter" | "values"> {
  readonly core: Float32Array;
}

/** Cores of one job; those of another make way for them. */
export class KeptCores {
  #job = "";
  readonly #cores = new Map<string, KeptCore>();

  /** Keeps a core, which is this object's from now on; how many there is memory for is known to whoever made the tasks. */
  keep(task: BoxTask, kept: KeptCore): void {
    const job = jobOf(task);
    if (job !== this.#job) this.clear();
    this.#job = job;
    const name = nameOf(task);
    const before = this.#cores.get(name);
    if (before) releaseMemory(before.core);
    this.#cores.set(name, kept);
  }

  /** Hands out the core of a task, which is the caller's from now on; a task of another job frees all. */
  take(task: BoxTask): KeptCore | undefined {
    if (this.#cores.size === 0) return undefined;
    if (jobOf(task) !== this.#job) return void this.clear();
    const name = nameOf(task);
    const kept = this.#cores.get(name);
    this.#cores.delete(name);
    return kept;
  }

  clear(): void {
    for (const { core } of this.#cores.values()) releaseMemory(core);
    this.#cores.clear();
  }
}

/** What all tiles of a job have in common: settings that differ between channels are left out. */
function jobOf({ source, repeated, backend, algorithm }: BoxTask): string {
  const { background: _, offset: __, scale: ___, mean: ____, saturation: _____, ...settings } = algorithm;
  return JSON.stringify([source, repeated, backend, settings]);
}

/** Everything that decides the voxels of a tile. */
function nameOf({ source, psf, psfSha256, psfFit, algorithm, repeated, backend, tile }: BoxTask): string {
  return JSON.stringify([source, psf, psfSha256, psfFit, algorithm, repeated, backend, tile]);
}
