/** Small Zarr images written by hand, so that tests of the functions do not lean on the code they test. */
import { openStore } from "../stores.ts";

/** What to write. */
export interface SampleImage {
  /** Shape along all axes. */
  readonly shape: readonly number[];
  readonly chunk: readonly number[];
  /** Of the whole image, last axis contiguous. */
  readonly values: Uint16Array | Float32Array;
  /** @default {the last axes of tczyx} */
  readonly axes?: readonly string[];
}

/** Writes an uncompressed Zarr v3 array as the root of `url`. */
export async function writeZarr(url: string, { shape, chunk, values, axes }: SampleImage): Promise<void> {
  const store = openStore(url);
  const dtype = values instanceof Float32Array ? "float32" : "uint16";
  const metadata = {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    dimension_names: axes ?? [..."tczyx"].slice(-shape.length),
    attributes: {},
  };
  await store.put("zarr.json", new TextEncoder().encode(JSON.stringify(metadata)));
  const counts = shape.map((side, axis) => Math.ceil(side / chunk[axis]!));
  for (const at of indices(counts)) {
    await store.put(["c", ...at].join("/"), new Uint8Array(cutChunk(values, shape, chunk, at).buffer));
  }
}

function cutChunk(
  values: Uint16Array | Float32Array,
  shape: readonly number[],
  chunk: readonly number[],
  at: readonly number[],
): Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer> {
  const length = chunk.reduce((product, side) => product * side, 1);
  const cut = values instanceof Float32Array ? new Float32Array(length) : new Uint16Array(length);
  let i = 0;
  for (const inside of indices(chunk)) {
    const position = inside.map((index, axis) => at[axis]! * chunk[axis]! + index);
    const exists = position.every((index, axis) => index < shape[axis]!);
    cut[i++] = exists ? values[position.reduce((offset, index, axis) => offset * shape[axis]! + index, 0)]! : 0;
  }
  return cut;
}

/** All indices of an array of this shape, last axis fastest. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const [first, ...rest] = shape;
  if (first === undefined) return yield [];
  for (let index = 0; index < first; index++) for (const tail of indices(rest)) yield [index, ...tail];
}

/** Whole numbers that differ from voxel to voxel in a way no axis swap or shift survives. */
export function patternedVoxels(shape: readonly number[]): Uint16Array {
  const values = new Uint16Array(shape.reduce((product, side) => product * side, 1));
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (state * 48271) % 2147483647;
    values[i] = state % 4000;
  }
  return values;
}

/** Writes a small PSF, a normalised Gaussian of odd sides. */
export async function writePsf(url: string, shape: readonly number[] = [3, 5, 5]): Promise<void> {
  const values = Float32Array.from(indices(shape), (at) => {
    const squares = at.map((index, axis) => (index - (shape[axis]! - 1) / 2) ** 2);
    return Math.exp(-squares.reduce((sum, square) => sum + square, 0) / 2);
  });
  await writeZarr(url, { shape, chunk: shape, values, axes: [..."zyx"].slice(-shape.length) });
}
