/** Keys that viewers ask for, taken apart: chunks of the arrays of a view. */
import type { OmeVersion, StoredArray } from "shared/contract/stored_array.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** A chunk of one level. */
export interface ChunkPlace {
  /** 0 for full resolution. */
  readonly level: number;
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  /** Position in the grid of chunks. */
  readonly at: Vec3;
}

/** Level, then `c` in Zarr v3, then an index along each axis, as writers spell them: without leading zeros. */
const CHUNK_KEYS: Readonly<Record<OmeVersion, RegExp>> = {
  "0.5": /^(0|[1-9]\d?)\/c((?:\/(?:0|[1-9]\d{0,6}))+)$/,
  "0.4": /^(0|[1-9]\d?)((?:\/(?:0|[1-9]\d{0,6}))+)$/,
};

/**
 * The chunk that a key names; undefined where there is no such key.
 *
 * @param arrays of the levels, finest first; in whichever version
 */
export function chunkPlace(
  key: string,
  version: OmeVersion,
  arrays: readonly StoredArray[],
): ChunkPlace | undefined {
  const [, level, indices] = CHUNK_KEYS[version].exec(key) ?? [];
  const array = level === undefined ? undefined : arrays[Number(level)];
  if (array === undefined) return undefined;
  const position = indices!.slice(1).split("/").map(Number);
  const spatial = array.axes.includes("z") ? 3 : 2;
  const sides = [...array.shape.slice(0, -spatial).map(() => 1), ...array.chunk.slice(-spatial)];
  const isThere = position.length === array.shape.length &&
    position.every((index, axis) => index * sides[axis]! < array.shape[axis]!);
  if (!isThere) return undefined;
  const [z, y, x] = [0, ...position.slice(-spatial)].slice(-3) as [number, number, number];
  return { level: Number(level), outer: position.slice(0, -spatial), at: [z, y, x] };
}
