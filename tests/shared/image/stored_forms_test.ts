/** Every form that outputs are stored in: Zarr v2 and v3, shards or none, any axes and element type. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import * as zarr from "zarrita";
import type { Dtype } from "shared/contract/image_info.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { ChunkValues } from "shared/image/image.ts";
import { indices } from "../../fixtures/zarr3.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { createArray, openImage, openStore, writeBlock } from "../../stores.ts";

const MAKERS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};
type Made = keyof typeof MAKERS;

/** Value of the voxel at these indices: unlike its neighbours', and 0 in a corner that is larger than a chunk. */
function valueAt(at: readonly number[]): number {
  if (at.slice(-3).every((index) => index < 4)) return 0;
  return 1 + at.reduce((sum, index) => 7 * sum + index, 3) % 250;
}

/** Spatial shape z, y, x of an array. */
function spatial({ axes, shape }: StoredArray): Vec3 {
  return (axes.includes("z") ? shape.slice(-3) : [1, ...shape.slice(-2)]) as unknown as Vec3;
}

function valuesOf(array: StoredArray, outer: readonly number[], { start, shape }: Box): ChunkValues {
  const values = new MAKERS[array.dtype as Made](voxelCount(shape));
  indices(shape).forEach((offset, position) => {
    const at = offset.map((index, axis) => start[axis]! + index);
    values[position] = valueAt([...outer, ...at]);
  });
  return values;
}

/** Writes the whole array in blocks of `tile`. */
async function writeAll(array: StoredArray, tile: Vec3): Promise<void> {
  await createArray(array);
  const extent = spatial(array);
  const outerShape = array.shape.slice(0, array.axes.includes("z") ? -3 : -2);
  for (const outer of indices(outerShape)) {
    for (const place of indices(mapAxes((axis) => Math.ceil(extent[axis] / tile[axis])))) {
      const start = mapAxes((axis) => place[axis]! * tile[axis]);
      const core = { start, shape: mapAxes((axis) => Math.min(tile[axis], extent[axis] - start[axis])) };
      await writeBlock(array, { outer, core, values: valuesOf(array, outer, core) });
    }
  }
}

/** What a reader should find, in the order of the array's axes. */
function expected({ axes, shape }: StoredArray): number[] {
  const rank = axes.includes("z") ? 3 : 2;
  const z = rank === 3 ? [] : [0];
  return indices(shape).map((at) => valueAt([...at.slice(0, -rank), ...z, ...at.slice(-rank)]));
}

/** Reads with zarrita's own walk of chunks and shards. */
async function readWithZarrita({ url, array, version }: StoredArray): Promise<number[]> {
  const store = openStore(url);
  const readable: zarr.AsyncReadable = {
    get: (key) => store.get(key.slice(1)),
    getRange: (key, range) => store.getRange(key.slice(1), range),
  };
  const location = zarr.root(readable).resolve(array);
  const opened = await (version === "0.5" ? zarr.open.v3 : zarr.open.v2)(location, { kind: "array" });
  const { data } = await zarr.get(opened);
  return Array.from(data as ArrayLike<number>);
}

const side = fc.integer({ min: 1, max: 9 });
const few = fc.integer({ min: 1, max: 3 });
const CASES = fc.record({
  axes: fc.constantFrom("yx", "zyx", "cyx", "czyx", "tczyx"),
  sides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), side, side, side),
  dtype: fc.constantFrom(...Object.keys(MAKERS) as Made[]),
  chunk: fc.tuple(few, few, few),
  chunksPerShard: fc.option(fc.tuple(few, few, few), { nil: undefined }),
  objectsPerTile: fc.tuple(few, few, few),
  version: fc.constantFrom("0.4" as const, "0.5" as const),
});

Deno.test("an array of any form reads back, with our reader and with zarrita's", async () => {
  await fc.assert(
    fc.asyncProperty(CASES, async ({ axes, sides, dtype, chunk, chunksPerShard, objectsPerTile, version }) => {
      const flat = (triple: Vec3): Vec3 => axes.includes("z") ? triple : [1, triple[1], triple[2]];
      const shard = version === "0.5" && chunksPerShard
        ? flat(mapAxes((axis) => chunk[axis] * chunksPerShard[axis]))
        : undefined;
      const array: StoredArray = {
        url: memoryUrl(),
        array: "0",
        version,
        dtype,
        axes: [...axes],
        shape: [...axes].map((name) => sides["tczyx".indexOf(name)]!),
        chunk: flat(chunk),
        ...(shard ? { shard } : {}),
      };
      const object = shard ?? array.chunk;
      await writeAll(array, flat(mapAxes((axis) => object[axis] * objectsPerTile[axis])));
      const image = await openImage({ url: array.url, path: "0" });
      assertEquals([image.info.shape, image.info.dtype], [array.shape, dtype as Dtype]);
      assertEquals(Array.from(await readVolumes(image)), expected(array));
      assertEquals(await readWithZarrita(array), expected(array));
      await openStore(array.url).deleteAll("");
    }),
    { numRuns: 120, seed: 11 },
  );
});

const sharded: StoredArray = {
  url: "memory:stored-forms",
  array: "0",
  version: "0.5",
  dtype: "float32",
  axes: ["c", "z", "y", "x"],
  shape: [2, 10, 20, 30],
  chunk: [4, 8, 8],
  shard: [8, 16, 16],
};
const json = async (url: string, key: string) => JSON.parse(new TextDecoder().decode(await openStore(url).get(key)));

Deno.test("metadata of a sharded array name the codecs of chunks and index, and nothing else", async () => {
  const array = { ...sharded, url: memoryUrl() };
  await createArray(array);
  assertEquals(await json(array.url, "0/zarr.json"), {
    zarr_format: 3,
    node_type: "array",
    shape: [2, 10, 20, 30],
    data_type: "float32",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 8, 16, 16] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{
      name: "sharding_indexed",
      configuration: {
        chunk_shape: [1, 4, 8, 8],
        codecs: [
          { name: "bytes", configuration: { endian: "little" } },
          { name: "blosc", configuration: { cname: "zstd", clevel: 1, shuffle: "shuffle", typesize: 4, blocksize: 0 } },
        ],
        index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
        index_location: "end",
      },
    }],
    dimension_names: ["c", "z", "y", "x"],
    attributes: {},
    storage_transformers: [],
  });
});

Deno.test("metadata of a Zarr v2 array are those of zarr-python 2, with keys in folders", async () => {
  const { shard: _, ...unsharded } = sharded;
  const array: StoredArray = { ...unsharded, url: memoryUrl(), version: "0.4", dtype: "uint16" };
  await createArray(array);
  assertEquals(await json(array.url, "0/.zarray"), {
    zarr_format: 2,
    shape: [2, 10, 20, 30],
    chunks: [1, 4, 8, 8],
    dtype: "<u2",
    compressor: { id: "blosc", cname: "zstd", clevel: 1, shuffle: 1, blocksize: 0 },
    fill_value: 0,
    order: "C",
    filters: null,
    dimension_separator: "/",
  });
  assertEquals(await json(array.url, "0/.zattrs"), { _ARRAY_DIMENSIONS: ["c", "z", "y", "x"] });
  assertEquals((await Array.fromAsync(openStore(array.url).list(""))).sort(), ["0/.zarray", "0/.zattrs"]);
});

Deno.test("a shard leaves out chunks of nothing but 0 and chunks past the image, and negative zero is not nothing", async () => {
  const array: StoredArray = { ...sharded, url: memoryUrl(), axes: ["z", "y", "x"], shape: [8, 16, 12] };
  await createArray(array);
  const values = new Float32Array(8 * 16 * 12);
  values[0] = 5;
  values[4 * 16 * 12] = -0;
  await writeBlock(array, { outer: [], core: { start: [0, 0, 0], shape: [8, 16, 12] }, values });
  const bytes = (await openStore(array.url).get("0/c/0/0/0"))!;
  const view = new DataView(bytes.buffer, bytes.length - 4 - 8 * 16);
  const stored = Array.from({ length: 8 }, (_, chunk) => view.getBigUint64(16 * chunk, true) !== 2n ** 64n - 1n);
  assertEquals(stored, [true, false, false, false, true, false, false, false]);
  const read = await readVolumes(await openImage({ url: array.url, path: "0" }));
  assertEquals(read, values);
  assert(Object.is(read[4 * 16 * 12], -0));
});

Deno.test("a shard without a voxel is stored all the same: what is missing was lost, not empty", async () => {
  const array: StoredArray = { ...sharded, url: memoryUrl(), axes: ["z", "y", "x"], shape: [8, 16, 16] };
  await writeBlock(array, {
    outer: [],
    core: { start: [0, 0, 0], shape: [8, 16, 16] },
    values: new Float32Array(8 * 16 * 16),
  });
  // The index of 8 chunks.
  assertEquals((await openStore(array.url).head("0/c/0/0/0"))!.size, 8 * 16 + 4);
});

Deno.test("a block that cuts through a shard is a defect, not a half-written object", async () => {
  const array = { ...sharded, url: memoryUrl() };
  const write = (start: Vec3, shape: Vec3) =>
    writeBlock(array, { outer: [0], core: { start, shape }, values: new Float32Array(voxelCount(shape)) });
  for (
    const [start, shape] of [[[4, 0, 0], [4, 16, 16]], [[0, 0, 0], [4, 16, 16]], [[8, 16, 16], [2, 4, 8]]] as const
  ) {
    await assertRejects(() => write(start, shape), ClearstackError, "not made of whole shards");
  }
  assertEquals(await Array.fromAsync(openStore(array.url).list("")), []);
  await write([8, 16, 16], [2, 4, 14]);
});

Deno.test("values of another type than the array's are a defect", async () => {
  const array = { ...sharded, url: memoryUrl() };
  const block = { outer: [0], core: { start: [0, 0, 0], shape: [8, 16, 16] } as const, values: new Uint16Array(2048) };
  await assertRejects(() => writeBlock(array, block), ClearstackError, "float32");
});
