/** The copy of voxels from one box to another: cropping, pasting, cutting into chunks and joining them. */
import type { ChunkValues } from "shared/image/image.ts";
import { type Box, mapAxes, stridesOf, type Vec3 } from "./geometry.ts";

/** The voxels of a box, x contiguous, then y, then z. */
interface BoxVoxels {
  readonly box: Box;
  readonly values: ChunkValues;
}

/** Where the voxels of a box lie in memory, if not as said above. */
interface Layout {
  /** Element at the corner of the box. @default {0} */
  readonly offset?: number;
  /** Elements between neighbours in z, y, x. */
  readonly strides?: Vec3;
}

/** Where the voxels of a part of a box lie in the memory of the box, which is x contiguous. */
export function partLayout(box: Box, part: Box): Required<Layout> {
  const strides = stridesOf(box.shape);
  const offset = mapAxes((axis) => (part.start[axis] - box.start[axis]) * strides[axis]).reduce((a, b) => a + b);
  return { offset, strides };
}

/**
 * Copies the voxels that lie in both boxes; what is stored in one piece in both is copied at once. Arrays of one type keep every
 * bit; between others, numbers are converted as an assignment does.
 */
export function copyBox({ offset = 0, strides, ...from }: BoxVoxels & Layout, to: BoxVoxels): void {
  const start = mapAxes((axis) => Math.max(from.box.start[axis], to.box.start[axis]));
  let [depth, height, width] = mapAxes((axis) => Math.min(endOf(from.box, axis), endOf(to.box, axis)) - start[axis]);
  if (Math.min(depth, height, width) <= 0) return;
  const [fromZ, fromY, fromX] = strides ?? stridesOf(from.box.shape);
  const [toZ, toY] = stridesOf(to.box.shape);
  const [z0, y0, x0] = mapAxes((axis) => start[axis] - from.box.start[axis]);
  const first = offset + z0 * fromZ + y0 * fromY + x0 * fromX;
  const [z1, y1, x1] = mapAxes((axis) => start[axis] - to.box.start[axis]);
  const into = z1 * toZ + y1 * toY + x1;
  const { values } = from;
  const copied = to.values;
  const inRows = fromX === 1 && values.constructor === copied.constructor;
  if (inRows && fromY === width && toY === width) [height, width] = [1, height * width];
  if (inRows && height === 1 && fromZ === width && toZ === width) [depth, width] = [1, depth * width];
  const [bytes, copiedBytes, size] = [bytesOf(values), bytesOf(copied), values.BYTES_PER_ELEMENT];
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const source = first + z * fromZ + y * fromY;
      const target = into + z * toZ + y * toY;
      if (inRows) copiedBytes.set(bytes.subarray(size * source, size * (source + width)), size * target);
      else for (let x = 0; x < width; x++) copied[target + x] = values[source + x * fromX]!;
    }
  }
}

/** Rows are copied as bytes: that is the same code, and the quickest, whatever their type. */
function bytesOf({ buffer, byteOffset, byteLength }: ChunkValues): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function endOf({ start, shape }: Box, axis: 0 | 1 | 2): number {
  return start[axis] + shape[axis];
}
