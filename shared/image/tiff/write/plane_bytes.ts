/** The planes of an image as a TIFF holds them, one after the other, read with bounded memory. */
import { dtypeBytes } from "shared/volume/dtype.ts";
import { positionAt } from "shared/volume/position.ts";
import { alongSpatialAxes, spatialShape } from "shared/volume/spatial.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { ChunkValues, Image } from "../../image.ts";
import { readVoxels } from "../../read/read_voxels.ts";
import { lengthsOf } from "./described_image.ts";

interface PlaneBytesOptions extends RequestOptions {
  /** Order of the planes, the axis that changes last first. */
  readonly order: readonly ["t", "z", "c"] | readonly ["t", "c", "z"];
  /** Voxels that are held at a time, bytes; one row of chunks of one plane is held in any case. */
  readonly budgetBytes: number;
}

/** Chunks that are fetched and decoded at the same time. */
const CONCURRENCY = 4;

/**
 * Yields the planes in order, little-endian, in pieces of whole rows. Where they fit, as many planes as a chunk has are read at once, so
 * that no chunk is read twice; where a plane does not fit, it is read in bands of rows.
 */
export async function* planeBytes(
  image: Image,
  { order, budgetBytes, signal }: PlaneBytesOptions,
): AsyncGenerator<Uint8Array> {
  const { info } = image;
  const lengths = lengthsOf(info);
  const [depth, height, width] = spatialShape(info);
  const [chunkDepth, chunkHeight] = alongSpatialAxes(info, info.chunkShape);
  const rowBytes = width * dtypeBytes(info.dtype);
  // Planes of all channels follow each other where channels change first.
  const together = order[2] === "c" ? lengths.c : 1;
  const planes = Math.floor(budgetBytes / (together * height * rowBytes));
  const slab = Math.max(1, Math.min(chunkDepth, depth, planes));
  const fitting = Math.max(1, Math.floor(budgetBytes / (chunkHeight * rowBytes))) * chunkHeight;
  const rows = planes > 0 ? height : Math.min(height, fitting);
  const read = async (at: { readonly t: number; readonly c: number }, start: readonly [number, number], size: {
    readonly planes: number;
    readonly rows: number;
  }) => {
    const outer = info.axes.flatMap(({ name }) => name === "t" || name === "c" ? [at[name]] : []);
    const box = { start: [...start, 0] as const, shape: [size.planes, size.rows, width] as const };
    return bytesOf((await readVoxels(image, { outer, box, concurrency: CONCURRENCY, signal })).values);
  };
  const held = new Map<number, Uint8Array>();
  let heldPlace = "";
  for (let page = 0; page < lengths.t * lengths.c * lengths.z; page++) {
    const index = positionAt(page, order.map((axis) => lengths[axis]));
    const at = Object.fromEntries(order.map((axis, place) => [axis, index[place]!])) as Record<"t" | "c" | "z", number>;
    if (rows < height) {
      for (let y = 0; y < height; y += rows) {
        yield await read(at, [at.z, y], { planes: 1, rows: Math.min(rows, height - y) });
      }
      continue;
    }
    const first = at.z - at.z % slab;
    const place = [at.t, first, together === 1 ? at.c : ""].join();
    if (place !== heldPlace) held.clear();
    heldPlace = place;
    const values = held.get(at.c) ??
      await read(at, [first, 0], { planes: Math.min(slab, depth - first), rows: height });
    held.set(at.c, values);
    yield values.subarray((at.z - first) * height * rowBytes).subarray(0, height * rowBytes);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ChunkValues): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
