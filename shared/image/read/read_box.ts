/** Reads any box of voxels of an image of any chunking, also where it reaches outside. */
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { BoxDataType } from "./box_data_type.ts";
import { OUTSIDE } from "./axis_map.ts";
import { boxChunks, type BoxOptions, type ChunkVisit } from "./box_chunks.ts";
import type { Image } from "../image.ts";
import { limitReads } from "../chunks_at_once.ts";
import { raised, scatter } from "./scatter.ts";
import { placeVolumeChunk, readVolumeChunk } from "./volume_chunk.ts";

/** Where {@link readBox} puts what it reads. */
interface ReadInto {
  /** @default {"float32"} */
  readonly dataType?: BoxDataType;
  /** Memory for the voxels, of that type, whatever it holds. @default {memory of their own} */
  readonly into?: Float32Array | Uint16Array;
}

/** A box of voxels and what reading it cost. */
interface BoxValues<Values = Float32Array> {
  /** `voxelCount(box.shape)` values, or as many as `steps` leaves, x contiguous, then y, then z. The caller owns them. */
  readonly values: Values;
  /** Stored bytes fetched. */
  readonly bytesRead: number;
}

/**
 * Reads a box of voxels as float32, or as what `dataType` says; see {@link boxDataType} for whether uint16 holds them. Every
 * chunk it touches is fetched and decoded once, however often the boundary rule repeats it.
 *
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 *
 * @example
 * ```ts
 * import { deconvolve, openImage, readBox } from "@clearstack/clearstack";
 *
 * const source = { data: new Uint16Array(8 * 16 * 16).fill(9), shape: [8, 16, 16], axes: "zyx" };
 * const psf = { data: new Float32Array([1, 2, 1]), shape: [1, 1, 3], axes: "zyx" };
 * await deconvolve(source, psf, { output: "memory:read", algorithm: { iterations: 1 }, backend: "cpu" });
 *
 * const image = await openImage({ url: "memory:read" });
 * const box = { start: [0, 4, 4], shape: [8, 2, 2] } as const;
 * const { values } = await readBox(image, { outer: [], box, boundary: "nearest" });
 * console.log(values.length, Math.round(values[0]!)); // 32 9
 * ```
 */
export function readBox(image: Image, options: BoxOptions): Promise<BoxValues>;
export function readBox(
  image: Image,
  options: BoxOptions & ReadInto & { readonly dataType: BoxDataType },
): Promise<BoxValues<Float32Array | Uint16Array>>;
export async function readBox(
  image: Image,
  options: BoxOptions & ReadInto,
): Promise<BoxValues<Float32Array | Uint16Array>> {
  const { boundary, boundaryValue = 0, offset = 0, signal } = options;
  const { outer, maps, visits } = boxChunks(image, options);
  const Values = options.dataType === "uint16" ? Uint16Array : Float32Array;
  const shape = mapAxes((axis) => maps[axis].length);
  const target = { values: options.into ?? new Values(voxelCount(shape)), shape };
  const outside = boundary === "constant" ? boundaryValue + offset : 0;
  const isSet = options.into === undefined && outside === 0;
  if (!isSet && maps.some((map) => map.includes(OUTSIDE))) target.values.fill(outside);

  let bytesRead = 0;
  const copyChunk = async ({ at, pieces }: ChunkVisit) => {
    const place = { outer, at, signal };
    const placedBytes = await placeVolumeChunk(image, place, { target, pieces, raise: offset });
    if (placedBytes !== undefined) {
      bytesRead += placedBytes;
      return;
    }
    const chunk = await readVolumeChunk(image, place);
    bytesRead += chunk.storedBytes;
    scatter(target, offset === 0 ? chunk : { ...chunk, values: raised(chunk.values, offset) }, pieces);
    recycleMemory(chunk.values);
  };
  await mapLimited(visits, READ_CONCURRENCY, (visit) => limitReads(image.info, () => copyChunk(visit)));
  return { values: target.values, bytesRead };
}

/** The part of `box` inside an image of this shape, its start relative to the box. Empty axes have length 0. */
export function observedInBox(shape: Vec3, box: Box): Box {
  const first = mapAxes((axis) => Math.min(Math.max(-box.start[axis], 0), box.shape[axis]));
  const end = mapAxes((axis) => Math.min(Math.max(shape[axis] - box.start[axis], first[axis]), box.shape[axis]));
  return { start: first, shape: mapAxes((axis) => end[axis] - first[axis]) };
}
