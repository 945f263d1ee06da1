/** Small boxes of an image in which its noise is measured: around the brightest voxels of a sample. */
import type { Image } from "shared/image/image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { BrightVoxel } from "shared/image/read/sample_voxels.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { alongSpatialAxes, placeInVolume } from "shared/volume/spatial.ts";

/** Enough for a mean over thousands of frequencies; sparse structure is in few of them. */
const BOXES = 4;

/** Longest side along z; what is left of {@link VOXELS} is shared by y and x. */
const DEPTH = 32;
const VOXELS = 2 ** 17;

/** Decoded bytes that are read, where chunks are large; but never fewer than those of one box. */
const MAX_BYTES = 128 * 2 ** 20;

/** Boxes of one shape, whose sides are powers of two. */
interface NoiseBoxes {
  readonly shape: Vec3;
  readonly boxes: readonly Float32Array[];
  /** Stored bytes fetched. */
  readonly bytesRead: number;
}

/**
 * Reads boxes of the whole volumes, of which a part may be selected, so that a part comes out as in the whole.
 *
 * Boxes that hold voxels that are not finite are left out.
 *
 * @param bright places of the sample, the brightest first
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 */
export async function readNoiseBoxes(
  image: Image,
  bright: readonly BrightVoxel[],
  { signal }: RequestOptions = {},
): Promise<NoiseBoxes> {
  const { start, whole } = placeInVolume(image.info);
  const shape = boxShape(whole);
  const boxes: Float32Array[] = [];
  let bytesRead = 0;
  for (const { outer, box } of chosenBoxes(image, bright, { whole, shape })) {
    const inPart = { ...box, start: mapAxes((axis) => box.start[axis] - start[axis]) };
    const read = await readBox(image, { outer, box: inPart, boundary: "nearest", ...(signal ? { signal } : {}) });
    // What holds no numbers is refused by the tile that it is in, which may lie outside of a part.
    if (read.values.every(Number.isFinite)) boxes.push(read.values);
    bytesRead += read.bytesRead;
  }
  return { shape, boxes, bytesRead };
}

function boxShape(whole: Vec3): Vec3 {
  const power = (most: number) => 2 ** Math.floor(Math.log2(most));
  const depth = power(Math.min(whole[0], DEPTH));
  const width = Math.sqrt(VOXELS / depth);
  return [depth, power(Math.min(whole[1], width)), power(Math.min(whole[2], width))];
}

interface ChosenBox {
  readonly outer: readonly number[];
  readonly box: Box;
}

/** Boxes about the brightest places, none of whose centres lies in another, as far as their chunks may be read. */
function chosenBoxes(
  { info }: Image,
  bright: readonly BrightVoxel[],
  { whole, shape }: { readonly whole: Vec3; readonly shape: Vec3 },
): ChosenBox[] {
  const sides = alongSpatialAxes(info, info.chunkShape);
  const chosen: ChosenBox[] = [];
  let bytes = 0;
  for (const { outer, at } of bright) {
    const start = mapAxes((axis) =>
      Math.min(Math.max(at[axis] - Math.floor(shape[axis] / 2), 0), whole[axis] - shape[axis])
    );
    const isNear = chosen.some((other) =>
      other.outer.every((index, axis) => index === outer[axis]) &&
      start.every((first, axis) => Math.abs(first - other.box.start[axis]!) < Math.max(1, shape[axis]! / 2))
    );
    if (isNear) continue;
    const chunks = mapAxes((axis) =>
      Math.floor((start[axis] + shape[axis] - 1) / sides[axis]) - Math.floor(start[axis] / sides[axis]) + 1
    );
    const cost = voxelCount(chunks) * info.chunkShape.reduce((product, side) => product * side, dtypeBytes(info.dtype));
    if (chosen.length > 0 && bytes + cost > MAX_BYTES) break;
    bytes += cost;
    chosen.push({ outer, box: { start, shape } });
    if (chosen.length === BOXES) break;
  }
  return chosen;
}
