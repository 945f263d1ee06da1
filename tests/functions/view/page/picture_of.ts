/** A picture in memory whose voxels say where they are. */
import type { Picture } from "functions/view/page/data/picture.ts";

type Along = Readonly<Record<"t" | "c" | "z" | "y" | "x", number>>;

/** Shape, and chunks; the value of a voxel is {@link valueAt}. */
interface PictureOptions {
  readonly shape: Along;
  readonly chunk: Along;
  /** Sides of the voxels of each level, as multiples of those of level 0. @default {[1]} */
  readonly steps?: readonly number[];
  /** Told of each chunk that is read. */
  readonly onRead?: (coords: readonly number[], signal: AbortSignal | undefined) => Promise<void>;
}

const AXES = ["t", "c", "z", "y", "x"] as const;

/** Value of a voxel, different for each below 10 along t and c and 100 along z, y and x. */
export function valueAt({ t, c, z, y, x }: Along): number {
  return ((((t * 10) + c) * 100 + z) * 100 + y) * 100 + x;
}

/** A picture of float32 voxels. */
export function pictureOf({ shape, chunk, steps = [1], onRead }: PictureOptions): Picture {
  const levels = steps.map((step) => {
    const sides = { ...shape, y: Math.ceil(shape.y / step), x: Math.ceil(shape.x / step) };
    return {
      axes: AXES,
      shape: sides,
      chunk,
      spacing: { z: 2, y: step, x: step },
      origin: { z: 0, y: (step - 1) / 2, x: (step - 1) / 2 },
      image: {
        async readChunk(coords: readonly number[], { signal }: { signal?: AbortSignal | undefined } = {}) {
          await onRead?.(coords, signal);
          return { ...chunkOf(coords, chunk), storedBytes: 1 };
        },
      },
    };
  });
  return {
    url: "memory:picture",
    name: "picture",
    levels,
    channels: Array.from(
      { length: shape.c },
      () => ({ name: "c", color: "#ffffff", active: true, contrast: undefined }),
    ),
    unit: "micrometer",
    zarrFormat: 3,
    provenance: {},
  };
}

function chunkOf(coords: readonly number[], chunk: Along) {
  const sides = AXES.map((axis) => chunk[axis]);
  const strides = sides.map((_, axis) => sides.slice(axis + 1).reduce((product, side) => product * side, 1));
  const values = Float32Array.from({ length: strides[0]! * sides[0]! }, (_, index) => {
    const at = AXES.map((name, axis) =>
      [name, coords[axis]! * sides[axis]! + Math.floor(index / strides[axis]!) % sides[axis]!] as const
    );
    return valueAt(Object.fromEntries(at) as Along);
  });
  return { values, strides };
}
