import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { ClearstackError } from "shared/errors.ts";
import { encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import { crc32c } from "shared/codec/crc32c.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { writeZarr3, zarr3Metadata, type Zarr3Options } from "../../fixtures/zarr3.ts";
import { openImage, openStore } from "../../stores.ts";

const shape = [5, 9, 11];
const values = Array.from({ length: 5 * 9 * 11 }, (_, index) => (index * 7) % 251);
const plain: Zarr3Options = { shape, chunk: [2, 4, 8], dtype: "uint16", values };
const gzip = {
  codecs: [{ name: "gzip", configuration: { level: 1 } }],
  encode: (bytes: Uint8Array) => gzipSync(bytes),
};

function withChecksum(bytes: Uint8Array): Uint8Array {
  return new Uint8Array([...bytes, ...new Uint8Array(Uint32Array.of(crc32c(bytes)).buffer)]);
}

const blosc = { cname: "zstd", clevel: 1, shuffle: "shuffle", typesize: 2, blocksize: 0 };

/** Axes reversed on disk: transposed[i] = original[order[i]]. */
const transposed = new Uint16Array(values);

const READABLE: Record<string, Zarr3Options> = {
  "raw": plain,
  "gzip": { ...plain, ...gzip },
  "zstd": {
    ...plain,
    codecs: [{ name: "zstd", configuration: { level: 1, checksum: false } }],
    encode: zstdCompressSync,
  },
  "blosc": { ...plain, codecs: [{ name: "blosc", configuration: blosc }], encode: (bytes) => encodeBlosc(bytes, 2) },
  "crc32c": { ...plain, codecs: [{ name: "crc32c" }], encode: withChecksum },
  "gzip then crc32c": {
    ...plain,
    codecs: [...gzip.codecs, { name: "crc32c" }],
    encode: (bytes) => withChecksum(gzipSync(bytes)),
  },
  "codecs spelled as bare names": {
    ...plain,
    dtype: "uint8",
    metadata: { data_type: "uint8", codecs: ["bytes"], chunk_key_encoding: "default" },
  },
  "float32": { ...plain, dtype: "float32" },
  "float64": { ...plain, dtype: "float64" },
  "shards": { ...plain, chunk: [4, 4, 8], inner: [2, 2, 4] },
  "shards of one chunk": { ...plain, chunk: [2, 4, 8], inner: [2, 4, 8] },
  "shards of gzip": { ...plain, ...gzip, chunk: [4, 8, 16], inner: [1, 4, 8] },
  "shards with their index at the start": { ...plain, chunk: [4, 4, 8], inner: [2, 2, 4], index: { at: "start" } },
  "shards of gzip with their index at the start": {
    ...plain,
    ...gzip,
    chunk: [4, 8, 16],
    inner: [1, 4, 8],
    index: { at: "start" },
  },
  "shards with a big-endian index": { ...plain, chunk: [4, 4, 8], inner: [2, 2, 4], index: { bigEndian: true } },
  "shards with an index that has no checksum": {
    ...plain,
    chunk: [4, 4, 8],
    inner: [2, 2, 4],
    index: { at: "start", unchecked: true },
  },
};

for (const [name, options] of Object.entries(READABLE)) {
  Deno.test(`a v3 array with ${name} reads to the values that went in`, async () => {
    const url = memoryUrl();
    await writeZarr3(url, options);
    assertEquals(await readWhole(await openImage({ url })), Float32Array.from(values));
  });
}

Deno.test("single bytes that are said to be big-endian read in their places", async () => {
  const bits = values.map((value) => value % 2);
  for (const data_type of ["bool", "uint8", "int8"]) {
    const url = memoryUrl();
    const codecs = [{ name: "bytes", configuration: { endian: "big" } }];
    await writeZarr3(url, { ...plain, dtype: "uint8", values: bits, metadata: { data_type, codecs } });
    assertEquals(await readWhole(await openImage({ url })), Float32Array.from(bits), data_type);
  }
});

Deno.test("chunks and inner chunks that are missing read as the fill value", async () => {
  const sharded = { inner: [2, 2, 4] };
  for (const storage of [{}, sharded, { ...sharded, index: { at: "start" } }] as const) {
    const url = memoryUrl();
    const missing = (coords: readonly number[]) => coords[0] === 0 && coords[1] === 1;
    await writeZarr3(url, { ...plain, ...storage, missing, metadata: { fill_value: 99 } });
    const side = "inner" in storage ? 2 : 4;
    const expected = values.map((value, index) => {
      const [z, y] = [Math.floor(index / 99), Math.floor(index / 11) % 9];
      return z < 2 && y >= side && y < 2 * side ? 99 : value;
    });
    assertEquals(await readWhole(await openImage({ url })), Float32Array.from(expected));
  }
});

Deno.test("a transposed array reads in the order of its axes", async () => {
  const url = memoryUrl();
  // One chunk of 5 x 9 x 11 stored with its axes in the order x, z, y.
  const stored = new Uint16Array(values.length);
  let position = 0;
  for (let x = 0; x < 11; x++) {
    for (let z = 0; z < 5; z++) for (let y = 0; y < 9; y++) stored[position++] = transposed[(z * 9 + y) * 11 + x]!;
  }
  const store = openStore(url);
  const codecs = [
    { name: "transpose", configuration: { order: [2, 0, 1] } },
    { name: "bytes", configuration: { endian: "little" } },
  ];
  const metadata = zarr3Metadata({ ...plain, chunk: shape, metadata: { codecs } });
  await store.put("zarr.json", new TextEncoder().encode(JSON.stringify(metadata)));
  await store.put("c/0/0/0", new Uint8Array(stored.buffer));
  assertEquals(await readWhole(await openImage({ url })), Float32Array.from(values));
});

Deno.test("fill values spelled as text or bit patterns are understood", async () => {
  const cases: [string, unknown, number][] = [
    ["float32", "NaN", NaN],
    ["float32", "-Infinity", -Infinity],
    ["float32", "0x3f800000", 1],
    ["float64", "0x4008000000000000", 3],
    ["float32", 2.5, 2.5],
    ["uint16", null, 0],
  ];
  for (const [dtype, fill, expected] of cases) {
    const url = memoryUrl();
    await writeZarr3(url, { ...plain, missing: () => true, metadata: { data_type: dtype, fill_value: fill } });
    assertEquals((await readWhole(await openImage({ url })))[0], expected);
  }
});

const sharding = (more: Record<string, unknown>, ...around: unknown[]) => ({
  codecs: [{
    name: "sharding_indexed",
    configuration: {
      chunk_shape: [2, 2, 4],
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
      index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
      ...more,
    },
  }, ...around],
});

const REFUSED: [string, Record<string, unknown>, ClearstackError["kind"], string][] = [
  [
    "shards inside shards",
    sharding({ codecs: sharding({}).codecs }),
    "unsupported",
    "sharding_indexed inside sharding_indexed",
  ],
  [
    "a codec before shards",
    { codecs: [{ name: "transpose" }, ...sharding({}).codecs] },
    "unsupported",
    "codecs around",
  ],
  ["a compressed shard index", sharding({ index_codecs: ["bytes", "gzip"] }), "unsupported", "codecs bytes, gzip"],
  ["a shard index without codecs", sharding({ index_codecs: [] }), "unsupported", "index without codecs"],
  [
    "a shard index of unknown endianness",
    sharding({ index_codecs: ["bytes", "crc32c"] }),
    "corrupt-data",
    "its shard indices",
  ],
  ["a codec around shards", sharding({}, { name: "gzip" }), "unsupported", "codecs around sharding_indexed"],
  ["chunks that do not divide shards", sharding({ chunk_shape: [2, 3, 4] }), "corrupt-data", "do not divide"],
  [
    "a codec that is not known",
    { codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "magic" }] },
    "unsupported",
    "codec magic",
  ],
  ["no codecs at all", { codecs: [] }, "unsupported", "an empty codec list"],
  ["no endianness", { codecs: [{ name: "bytes" }] }, "corrupt-data", "which endian"],
  [
    "an irregular grid",
    { chunk_grid: { name: "rectilinear", configuration: {} } },
    "unsupported",
    "chunk grid rectilinear",
  ],
  ["complex numbers", { data_type: "complex64" }, "unsupported", "complex numbers (dtype complex64)"],
  ["text", { data_type: "string" }, "unsupported", "text or objects (dtype string)"],
  ["raw bits", { data_type: "r16" }, "unsupported", "dtype r16"],
  ["a structured type", { data_type: { name: "structured" } }, "unsupported", "structured"],
  ["a field that must be understood", { magic: { must_understand: true } }, "unsupported", "field magic"],
  ["a fill value that makes no sense", { fill_value: "many" }, "unsupported", "fill value"],
  ["a fill value that its type cannot hold", { fill_value: 70000 }, "unsupported", "fill value 70000"],
  ["a negative fill value of a type without sign", { fill_value: -1 }, "unsupported", "fill value -1"],
  ["a shape that is no shape", { shape: [5, -1, 3] }, "corrupt-data", "shape"],
  ["chunks of another rank", { shape: [5, 9] }, "corrupt-data", "chunks of 3"],
  ["an axis of length 0", { shape: [5, 0, 11] }, "unsupported", "y axis has length 0"],
];

for (const [name, metadata, kind, message] of REFUSED) {
  Deno.test(`an array with ${name} is refused: ${message}`, async () => {
    const url = memoryUrl();
    const document = zarr3Metadata({ ...plain, chunk: [4, 4, 8], metadata });
    await openStore(url).put("zarr.json", new TextEncoder().encode(JSON.stringify(document)));
    const error = await assertRejects(() => openImage({ url }), ClearstackError, message);
    assertEquals(error.kind, kind);
  });
}
