/** Multiscale images on disk whose voxels are known, as other programs write them. */
import { gzipSync } from "node:zlib";

/** Shape along t, c, z, y, x. */
type Shape5 = readonly [number, number, number, number, number];

/** An image to write. */
export interface WrittenImage {
  readonly name: string;
  readonly shape: Shape5;
  /** 2 writes OME-Zarr 0.4, 3 writes 0.5. */
  readonly format: 2 | 3;
  readonly dtype: "uint16" | "float32";
  readonly value: (t: number, c: number, z: number, y: number, x: number) => number;
  /** Beside `multiscales`. @default {nothing} */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

const CHUNK: Shape5 = [1, 1, 4, 32, 48];
/** Micrometres from voxel to voxel, z, y, x. */
const SPACING = [0.3, 0.1, 0.1] as const;

/** Writes an image of two levels, the second with every other voxel along y and x, and returns its folder. */
export async function writeImage(parent: string, image: WrittenImage): Promise<string> {
  const folder = `${parent}/${image.name}`;
  for (const level of [0, 1]) await writeLevel(`${folder}/${level}`, image, 2 ** level);
  const attributes = rootAttributes(image);
  if (image.format === 3) {
    await writeJson(`${folder}/zarr.json`, { zarr_format: 3, node_type: "group", attributes });
  } else {
    await writeJson(`${folder}/.zgroup`, { zarr_format: 2 });
    await writeJson(`${folder}/.zattrs`, attributes);
  }
  return folder;
}

function rootAttributes({ name, format, attributes = {} }: WrittenImage) {
  const { omero, ...rest } = attributes;
  const axes = ["t", "c", "z", "y", "x"].map((axis) =>
    axis === "t"
      ? { name: axis, type: "time", unit: "second" }
      : axis === "c"
      ? { name: axis, type: "channel" }
      : { name: axis, type: "space", unit: "micrometer" }
  );
  const datasets = [1, 2].map((step, level) => ({
    path: String(level),
    coordinateTransformations: [
      { type: "scale", scale: [1, 1, SPACING[0], step * SPACING[1], step * SPACING[2]] },
      { type: "translation", translation: [0, 0, 0, SPACING[1] * (step - 1) / 2, SPACING[2] * (step - 1) / 2] },
    ],
  }));
  const multiscales = [{ version: "0.4", name, axes, datasets }];
  const shown = omero === undefined ? {} : { omero };
  return format === 3
    ? { ome: { version: "0.5", multiscales, ...shown }, ...rest }
    : { multiscales, ...shown, ...rest };
}

async function writeLevel(folder: string, { shape, format, dtype, value }: WrittenImage, step: number): Promise<void> {
  const sides = shape.map((side, axis) => axis < 3 ? side : Math.ceil(side / step));
  await writeJson(
    `${folder}/${format === 3 ? "zarr.json" : ".zarray"}`,
    format === 3 ? v3Document(sides, dtype) : v2Document(sides, dtype),
  );
  for (const coords of positions(sides.map((side, axis) => Math.ceil(side / CHUNK[axis]!)))) {
    const values = new (dtype === "uint16" ? Uint16Array : Float32Array)(CHUNK.reduce((a, b) => a * b));
    let index = 0;
    for (const inner of positions(CHUNK)) {
      const [t, c, z, y, x] = inner.map((at, axis) => coords[axis]! * CHUNK[axis]! + at) as [...Shape5];
      values[index++] = t < sides[0]! && c < sides[1]! ? value(t, c, z, y * step, x * step) : 0;
    }
    const path = `${folder}/${format === 3 ? "c/" : ""}${coords.join("/")}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(path, new Uint8Array(gzipSync(new Uint8Array(values.buffer))));
  }
}

function v3Document(shape: readonly number[], data_type: string) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type,
    chunk_grid: { name: "regular", configuration: { chunk_shape: CHUNK } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [
      { name: "bytes", configuration: { endian: "little" } },
      { name: "gzip", configuration: { level: 1 } },
    ],
  };
}

function v2Document(shape: readonly number[], dtype: WrittenImage["dtype"]) {
  return {
    zarr_format: 2,
    shape,
    chunks: CHUNK,
    dtype: dtype === "uint16" ? "<u2" : "<f4",
    compressor: { id: "gzip", level: 1 },
    filters: null,
    order: "C",
    fill_value: 0,
    dimension_separator: "/",
  };
}

/** All positions in a grid, the last axis fastest. */
function* positions(grid: readonly number[]): Generator<number[]> {
  const count = grid.reduce((product, side) => product * side, 1);
  for (let index = 0; index < count; index++) {
    let rest = index;
    const at = grid.toReversed().map((side) => {
      const own = rest % side;
      rest = Math.floor(rest / side);
      return own;
    });
    yield at.reverse();
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, JSON.stringify(value));
}
