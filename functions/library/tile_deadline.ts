/** Time after which a process that computes a tile counts as hung. Generous: nothing is won by being strict. */
import type { TileTask } from "shared/contract/tile.ts";
import { voxelCount } from "shared/volume/geometry.ts";

/** Any tile may take so long: starting a driver, compiling shaders, a slow store. */
const GRACE_SECONDS = 300;

/** Times slower than the slowest so far that a tile may be. */
const PATIENCE = 20;

/** Voxels times iterations per second below which no device is worth waiting for: a tenth of a software GPU on two cores. */
const MIN_PACE = 5e5;

/** Measures of a tile's work that decide its time. */
type TileWork = Pick<TileTask, "tile" | "algorithm">;

/** Learns from the tiles that finished. */
export class TileDeadline {
  /** Seconds for one voxel and iteration, waiting for other tiles included. */
  #slowest = 0;

  /** Seconds that a tile may take. */
  seconds(task: TileWork): number {
    const secondsPerStep = this.#slowest === 0 ? 1 / MIN_PACE : PATIENCE * this.#slowest;
    return GRACE_SECONDS + steps(task) * Math.min(secondsPerStep, 1 / MIN_PACE);
  }

  /** Notes that a tile took so long. */
  note(task: TileWork, seconds: number): void {
    this.#slowest = Math.max(this.#slowest, seconds / steps(task));
  }
}

function steps({ tile, algorithm }: TileWork): number {
  return voxelCount(tile.box.shape) * algorithm.iterations;
}
