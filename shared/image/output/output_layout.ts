/**
 * Layout of an output: the names that the orchestrator, the tiles and a resuming run agree on.
 */
import type { StoredArray } from "shared/contract/stored_array.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Array of level 0. */
export const LEVEL_0 = "0";

/** Record of the output that is to be; written before anything else. */
export const JOB_KEY = ".clearstack/job.json";

/** Written last: the output is complete. */
export const DONE_KEY = ".clearstack/done.json";

/** Provenance of the output in full; written just before the output becomes visible. */
export const PROVENANCE_KEY = ".clearstack/provenance.json";

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

/** Array of a level. */
export function levelArray(level: number): string {
  return String(level);
}

/** Folder of the records of finished tiles of one level of one plan. */
export function levelRecordsPrefix(planHash: string, level: number): string {
  return `.clearstack/levels/${planHash.slice(0, 16)}/${level}/`;
}

/** Record that a tile of a level is finished. */
export function levelRecordKey(planHash: string, level: number, index: number): string {
  return `${levelRecordsPrefix(planHash, level)}${String(index).padStart(8, "0")}.json`;
}

/** Key of the object at a position in the grid of an array's chunks, or of its shards if it has any. */
export function objectKey({ array, version, axes }: StoredArray, outer: readonly number[], at: Vec3): string {
  const prefix = version === "0.5" ? [array, "c"] : [array];
  return [...prefix, ...outer, ...(axes.includes("z") ? at : at.slice(1))].join("/");
}
