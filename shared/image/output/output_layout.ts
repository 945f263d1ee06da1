/** Layout of an output: the names that the orchestrator, the tiles and a resuming run agree on. */
import type { StoredArray } from "shared/contract/stored_array.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

export const LEVEL_0 = "0";

/** Folder of everything that is kept about an output beside it. */
export const RECORDS = ".clearstack/";

/** Record of the output that is to be; written before anything else. */
export const JOB_KEY = ".clearstack/job.json";

/** Written last: the output is complete. */
export const DONE_KEY = ".clearstack/done.json";

/** Provenance of the output in full; written just before the output becomes visible. */
export const PROVENANCE_KEY = ".clearstack/provenance.json";

/** Stands for the run of outputs that were begun before runs had names, whose records lie in folders of the plan. */
export const UNNAMED_RUN = "unnamed";

/** What records belong to: a plan, and the run of it that began the output. */
export interface RecordOwner {
  readonly planHash: string;
  readonly run: string;
}

/** Owner of the records of an output's arrays. */
export function recordOwner(planHash: string, { run = UNNAMED_RUN }: Pick<StoredArray, "run">): RecordOwner {
  return { planHash, run };
}

/** Folder of the records of finished tiles. What a run writes that has lost its output goes where nobody looks. */
export function recordsPrefix(owner: RecordOwner): string {
  return `.clearstack/tiles/${folderOf(owner)}`;
}

/** Record that a tile is finished. */
export function recordKey(owner: RecordOwner, index: number): string {
  return `${recordsPrefix(owner)}${recordName(index)}`;
}

function folderOf({ planHash, run }: RecordOwner): string {
  return `${planHash.slice(0, 16)}/${run === UNNAMED_RUN ? "" : `${run}/`}`;
}

function recordName(index: number): string {
  return `${String(index).padStart(8, "0")}.json`;
}

/** Tile index of a record's key, or `undefined` for any other key. */
export function recordIndex(key: string): number | undefined {
  const digits = /\/(\d{8,})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function levelArray(level: number): string {
  return String(level);
}

/** Folder of the records of finished tiles of one level. */
export function levelRecordsPrefix(owner: RecordOwner, level: number): string {
  return `.clearstack/levels/${folderOf(owner)}${level}/`;
}

/** Record that a tile of a level is finished. */
export function levelRecordKey(owner: RecordOwner, level: number, index: number): string {
  return `${levelRecordsPrefix(owner, level)}${recordName(index)}`;
}

/** Key of the object at a position in the grid of an array's chunks, or of its shards if it has any. */
export function objectKey({ array, version, axes }: StoredArray, outer: readonly number[], at: Vec3): string {
  const prefix = version === "0.5" ? [array, "c"] : [array];
  return [...prefix, ...outer, ...(axes.includes("z") ? at : at.slice(1))].join("/");
}
