/** Reads any box of voxels of an image of any chunking, also where it reaches outside. */
import type { Boundary } from "shared/contract/algorithm.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { alongSpatialAxes, placeInVolume } from "shared/volume/spatial.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { BoxDataType } from "./box_data_type.ts";
import { axisMaps, type AxisPiece, OUTSIDE, splitByChunk } from "./axis_map.ts";
import type { Image } from "../image.ts";
import { limitReads } from "../chunks_at_once.ts";
import { raised, scatter } from "./scatter.ts";
import { storedOuter } from "./select_volumes.ts";
import { placeVolumeChunk, readVolumeChunk } from "./volume_chunk.ts";

/** Voxels to read, and the rule for what lies outside the image. */
interface ReadBoxOptions extends RequestOptions {
  /** Index along each axis before z, y, x; empty where there is none. */
  readonly outer: readonly number[];
  /** Voxels in z, y, x; may reach outside the image by any amount. A 2-D image has one plane, z = 0. Around a part, the rest is read. */
  readonly box: Box;
  /** `non-circulant` leaves 0 outside the image. */
  readonly boundary: Boundary;
  /** The volume and what the rule puts around it, in its voxels, beyond which it repeats. @default {the rule holds everywhere} */
  readonly repeated?: Box | undefined;
  /** Value outside the image where boundary is `constant`. @default {0} */
  readonly boundaryValue?: number;
  /** Added to every value, in double precision, before it is rounded; not to what non-circulant leaves 0. @default {0} */
  readonly offset?: number | undefined;
}

/** Where {@link readBox} puts what it reads. */
interface ReadInto {
  /** @default {"float32"} */
  readonly dataType?: BoxDataType;
  /** Memory for the voxels, of that type, whatever it holds. @default {memory of their own} */
  readonly into?: Float32Array | Uint16Array;
}

/** A box of voxels and what reading it cost. */
interface BoxValues<Values = Float32Array> {
  /** `voxelCount(box.shape)` values, x contiguous, then y, then z. The caller owns them. */
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
export function readBox(image: Image, options: ReadBoxOptions): Promise<BoxValues>;
export function readBox(
  image: Image,
  options: ReadBoxOptions & ReadInto & { readonly dataType: BoxDataType },
): Promise<BoxValues<Float32Array | Uint16Array>>;
export async function readBox(
  image: Image,
  options: ReadBoxOptions & ReadInto,
): Promise<BoxValues<Float32Array | Uint16Array>> {
  const { box, boundary, boundaryValue = 0, offset = 0, signal } = options;
  const outer = storedOuter(image.info, options.outer);
  const { start, whole } = placeInVolume(image.info);
  const chunkSides = alongSpatialAxes(image.info, image.info.chunkShape);
  const maps = axisMaps(
    { box: { ...box, start: mapAxes((axis) => start[axis] + box.start[axis]) }, whole, repeated: options.repeated },
    boundary,
  );
  const Values = options.dataType === "uint16" ? Uint16Array : Float32Array;
  const target = { values: options.into ?? new Values(voxelCount(box.shape)), shape: box.shape };
  const outside = boundary === "constant" ? boundaryValue + offset : 0;
  const isSet = options.into === undefined && outside === 0;
  if (!isSet && maps.some((map) => map.includes(OUTSIDE))) target.values.fill(outside);

  let bytesRead = 0;
  const copyChunk = async (pieces: readonly [AxisPiece, AxisPiece, AxisPiece]) => {
    const place = { outer, at: mapAxes((axis) => pieces[axis].chunk), signal };
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
  const visits = combinations(mapAxes((axis) => splitByChunk(maps[axis], chunkSides[axis])));
  await mapLimited(visits, READ_CONCURRENCY, (pieces) => limitReads(image.info, () => copyChunk(pieces)));
  return { values: target.values, bytesRead };
}

/** The part of `box` inside an image of this shape, its start relative to the box. Empty axes have length 0. */
export function observedInBox(shape: Vec3, box: Box): Box {
  const first = mapAxes((axis) => Math.min(Math.max(-box.start[axis], 0), box.shape[axis]));
  const end = mapAxes((axis) => Math.min(Math.max(shape[axis] - box.start[axis], first[axis]), box.shape[axis]));
  return { start: first, shape: mapAxes((axis) => end[axis] - first[axis]) };
}

function combinations(pieces: readonly AxisPiece[][]): [AxisPiece, AxisPiece, AxisPiece][] {
  return pieces[0]!.flatMap((z) =>
    pieces[1]!.flatMap((y) => pieces[2]!.map((x): [AxisPiece, AxisPiece, AxisPiece] => [z, y, x]))
  );
}
