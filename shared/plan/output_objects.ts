/**
 * Storage of the output: chunks, and shards that put many chunks into one object where there would be too many objects.
 */
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, mapAxes, sameShape, SPATIAL_AXES, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { outputChunk, outputChunkSide } from "./output_chunk.ts";

/**
 * Voxels of a shard take this much at most before compression, some 30 MiB after it: large enough that listing, copying and paying
 * for requests no longer count, small enough to be assembled in memory and sent again after a failure.
 */
const SHARD_BYTES = 64 * 2 ** 20;

const FLOAT_BYTES = 4;

/** With no more chunks than this, each is an object of its own, as every reader of Zarr knows it. */
const MAX_OBJECTS = 1000;

/** Inputs that decide the storage of an output. */
export interface OutputObjectsOptions {
  readonly shape: Vec3;
  /** Volumes (t, c) of the image. */
  readonly volumes: number;
  /** Core of a full tile; where it is shorter than the image, stored objects must divide it. */
  readonly tile: Vec3;
  readonly version: OmeVersion;
  readonly shards: "auto" | "none" | Vec3;
  /** @default {4}, that of float32 */
  readonly voxelBytes?: number;
}

/**
 * Chunk, and shard if there are shards: a tile owns whole ones of both.
 *
 * @throws {ClearstackError} `invalid-request` for shards in OME-Zarr 0.4, and for given ones that do not divide the tile
 */
export function outputObjects(options: OutputObjectsOptions): { readonly chunk: Vec3; readonly shard?: Vec3 } {
  const { shape, volumes, tile, version, shards, voxelBytes = FLOAT_BYTES } = options;
  if (typeof shards !== "string") return givenShards(options, shards);
  const chunk = outputChunk(shape, tile);
  const chunks = volumes * mapAxes((axis) => Math.ceil(shape[axis] / chunk[axis])).reduce((a, b) => a * b);
  if (shards === "none" || version === "0.4" || chunks <= MAX_OBJECTS) return { chunk };
  const shard = largestShard({ shape, tile, chunk, mostVoxels: SHARD_BYTES / voxelBytes });
  return sameShape(shard, chunk) ? { chunk } : { chunk, shard };
}

/** The multiple that a tile must be of, along each axis that is cut, for shards that were asked for. */
export function shardGranule(shape: Vec3, shards: OutputObjectsOptions["shards"]): Vec3 | undefined {
  return typeof shards === "string" ? undefined : mapAxes((axis) => Math.min(shards[axis], shape[axis]));
}

function givenShards({ shape, tile, version }: OutputObjectsOptions, wanted: Vec3) {
  if (version === "0.4") {
    throw new ClearstackError(
      "invalid-request",
      `OME-Zarr 0.4 is Zarr v2, which has no shards: leave out --shards ` +
        `${formatVec3(wanted)}, or give --ome-version 0.5`,
    );
  }
  const chunk = mapAxes((axis) => outputChunkSide(axis, { extent: shape[axis], divides: wanted[axis] }));
  // No larger than it takes to hold the image.
  const shard = mapAxes((axis) =>
    wanted[axis] < shape[axis] ? wanted[axis] : Math.ceil(shape[axis] / chunk[axis]) * chunk[axis]
  );
  for (const axis of [0, 1, 2] as const) {
    if (tile[axis] < shape[axis] && tile[axis] % shard[axis] !== 0) {
      throw new ClearstackError(
        "invalid-request",
        `the tile has ${tile[axis]} voxels along ${SPATIAL_AXES[axis]}, which shards of ` +
          `${shard[axis]} do not divide: ` +
          `give another tile or other shards, or leave one of them at auto`,
      );
    }
  }
  return sameShape(shard, chunk) ? { chunk } : { chunk, shard };
}

/** The largest shard within the limit that divides the tile; of equal ones the most compact. */
function largestShard(
  { shape, tile, chunk, mostVoxels }: Record<"shape" | "tile" | "chunk", Vec3> & { readonly mostVoxels: number },
): Vec3 {
  const [depths, heights, widths] = mapAxes((axis) => shardSides(axis));
  let best = chunk;
  for (const z of depths) {
    for (const y of heights) {
      const x = widths.findLast((side) => z * y * side <= mostVoxels);
      if (x !== undefined && isBetter([z, y, x], best)) best = [z, y, x];
    }
  }
  return best;

  /** Rising multiples of the chunk: those that divide the tile, or split an axis that is not cut evenly. */
  function shardSides(axis: 0 | 1 | 2): number[] {
    const cut = tile[axis] < shape[axis];
    const chunks = Math.ceil(tile[axis] / chunk[axis]);
    const counts = new Set(Array.from({ length: chunks }, (_, parts) => Math.ceil(chunks / (parts + 1))));
    return [...counts].filter((count) => !cut || chunks % count === 0).map((count) => count * chunk[axis]).reverse();
  }
}

function isBetter(shard: Vec3, other: Vec3): boolean {
  const surface = ([z, y, x]: Vec3) => z * y + y * x + x * z;
  const larger = voxelCount(shard) - voxelCount(other);
  return larger > 0 || (larger === 0 && surface(shard) < surface(other));
}
