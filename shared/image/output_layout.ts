/**
 * Where things lie in an output: the names that the orchestrator, the tiles and a resuming run agree on.
 */
import type { Vec3 } from "../geometry.ts";

/** Array of level 0. */
export const LEVEL_0 = "0";

/** Metadata of the root group; its presence makes the output visible to viewers. */
export const ROOT_KEY = "zarr.json";

/** What the output is going to be; written before anything else. */
export const JOB_KEY = ".clearstack/job.json";

/** Written last: the output is complete. */
export const DONE_KEY = ".clearstack/done.json";

/** Folder of the records of finished tiles of one plan. */
export function recordsPrefix(planHash: string): string {
  return `.clearstack/tiles/${planHash.slice(0, 16)}/`;
}

/** Record that a tile is finished. */
export function recordKey(planHash: string, index: number): string {
  return `${recordsPrefix(planHash)}${String(index).padStart(8, "0")}.json`;
}

/** Tile index of a record's key, or `undefined` for any other key. */
export function recordIndex(key: string): number | undefined {
  const digits = /\/(\d{8,})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Object of one chunk of an output array. `rank` counts all axes; a rank without z drops the chunk's z. */
export function chunkKey(
  array: string,
  { outer, chunk, rank }: { readonly outer: readonly number[]; readonly chunk: Vec3; readonly rank: number },
): string {
  return [array, "c", ...outer, ...chunk.slice(3 - (rank - outer.length))].join("/");
}
