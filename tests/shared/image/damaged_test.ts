import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { ClearstackError } from "shared/errors.ts";
import { encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import { crc32c } from "shared/codec/crc32c.ts";
import { MAX_DOCUMENT_BYTES } from "shared/storage/store.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { writeZarr3, zarr3Metadata, type Zarr3Options } from "../../fixtures/zarr3.ts";
import { openImage, openStore } from "../../stores.ts";

const shape = [4, 8, 8];
const values = Array.from({ length: 256 }, (_, index) => (index * 31) % 1009);
const plain: Zarr3Options = { shape, chunk: [2, 8, 8], dtype: "uint16", values };
const withChecksum = (bytes: Uint8Array) =>
  new Uint8Array([...bytes, ...new Uint8Array(Uint32Array.of(crc32c(bytes)).buffer)]);

const blosc = { cname: "zstd", clevel: 1, shuffle: "shuffle", typesize: 2, blocksize: 0 };
const STORED: Record<string, Zarr3Options> = {
  raw: plain,
  gzip: { ...plain, codecs: [{ name: "gzip" }], encode: gzipSync },
  zstd: { ...plain, codecs: [{ name: "zstd" }], encode: zstdCompressSync },
  blosc: { ...plain, codecs: [{ name: "blosc", configuration: blosc }], encode: (bytes) => encodeBlosc(bytes, 2) },
  crc32c: { ...plain, codecs: [{ name: "crc32c" }], encode: withChecksum },
};

/** Writes the array, changes one of its two chunks, and reads it. */
async function readDamaged(options: Zarr3Options, damage: (bytes: Uint8Array) => Uint8Array, inner?: number[]) {
  const url = memoryUrl();
  await writeZarr3(url, inner === undefined ? options : { ...options, inner });
  const store = openStore(url);
  await store.put("c/1/0/0", damage((await store.get("c/1/0/0"))!));
  return await readWhole(await openImage({ url }));
}

for (const [name, options] of Object.entries(STORED)) {
  Deno.test(`a ${name} chunk cut short at any length is an error that names the chunk`, async () => {
    const whole = (await storedChunk(options)).length;
    for (const kept of [0, 1, Math.floor(whole / 2), whole - 1]) {
      const error = await assertRejects(() => readDamaged(options, (bytes) => bytes.slice(0, kept)), ClearstackError);
      assertEquals(error.kind, "corrupt-data");
      assertEquals(error.message.includes("c/1/0/0 is damaged"), true, error.message);
    }
  });
}

Deno.test("a chunk that is too long is an error", async () => {
  const error = await assertRejects(
    () => readDamaged(plain, (bytes) => new Uint8Array([...bytes, 0, 0])),
    ClearstackError,
    "it holds 258 bytes where 256 were expected",
  );
  assertEquals(error.kind, "corrupt-data");
});

Deno.test("a flipped bit under a checksum is an error", async () => {
  await assertRejects(
    () => readDamaged(STORED.crc32c!, (bytes) => bytes.with(17, bytes[17]! ^ 4)),
    ClearstackError,
    "the checksum does not match",
  );
});

Deno.test("a flipped bit in a shard's index is an error, at either end", async () => {
  const atStart: Zarr3Options = { ...plain, index: { at: "start" } };
  for (const [options, from] of [[plain, -8], [atStart, 8]] as const) {
    const damage = (bytes: Uint8Array) => bytes.with(from, bytes.at(from)! ^ 1);
    await assertRejects(
      () => readDamaged(options, damage, [1, 4, 4]),
      ClearstackError,
      "c/1/0/0 is damaged: the checksum of the shard's index does not match",
    );
  }
});

Deno.test("a shard's index that points past its shard is an error, not voxels", async () => {
  const options: Zarr3Options = { ...plain, index: { unchecked: true } };
  const pointAt = (offset: bigint, length: bigint) => (bytes: Uint8Array) => {
    const damaged = bytes.slice();
    const view = new DataView(damaged.buffer, damaged.length - 16);
    view.setBigUint64(0, offset, true);
    view.setBigUint64(8, length, true);
    return damaged;
  };
  for (const [offset, length] of [[10_000n, 32n], [0n, 10_000n], [0n, 0n], [2n ** 63n, 32n], [0n, 31n]] as const) {
    const error = await assertRejects(() => readDamaged(options, pointAt(offset, length), [1, 4, 4]), ClearstackError);
    assertEquals([error.kind, error.message.includes("c/1/0/0")], ["corrupt-data", true], error.message);
  }
});

Deno.test("a shard's index that gives a chunk more bytes than it can take is an error before they are read", async () => {
  const pointAtAll = (bytes: Uint8Array) => {
    const long = new Uint8Array(100_000 + bytes.length);
    long.set(bytes, 100_000);
    new DataView(long.buffer, long.length - 16).setBigUint64(8, 100_000n, true);
    return long;
  };
  await assertRejects(
    () => readDamaged({ ...plain, index: { unchecked: true } }, pointAtAll, [1, 4, 4]),
    ClearstackError,
    "gives a chunk of 100000 bytes",
  );
  const metadata = zarr3Metadata({ ...plain, chunk: [2, 2048, 2048], inner: [1, 1, 1] });
  const url = memoryUrl();
  await openStore(url).put("zarr.json", new TextEncoder().encode(JSON.stringify(metadata)));
  const { kind } = await assertRejects(() => openImage({ url }), ClearstackError, "shards of 8388608 chunks");
  assertEquals(kind, "unsupported");
});

Deno.test("a stored chunk that is far longer than its voxels is left unread", async () => {
  for (const options of [plain, STORED.gzip!]) {
    const error = await assertRejects(() => readDamaged(options, () => new Uint8Array(100_000)), ClearstackError);
    // An eighth more than the 256 bytes of a chunk, and a page.
    assertEquals([error.kind, error.limit], ["unsupported", 4384]);
  }
});

for (const name of ["gzip", "zstd", "blosc"]) {
  Deno.test(`a ${name} chunk never unpacks to more than its voxels and a little`, async () => {
    const bomb = STORED[name]!.encode!(new Uint8Array(5000));
    const error = await assertRejects(() => readDamaged(STORED[name]!, () => bomb), ClearstackError, `codec ${name}`);
    assertEquals(error.kind, "corrupt-data");
  });
}

Deno.test("a metadata document that has no end is left unread", async () => {
  const folder = await Deno.makeTempDir();
  const blanks = new Uint8Array(MAX_DOCUMENT_BYTES + 1).fill(32);
  try {
    for (const key of ["zarr.json", ".zarray", ".zattrs"]) {
      for (const url of [`${folder}/${key}`, memoryUrl()]) {
        const store = openStore(url);
        if (key === ".zattrs") await store.put(".zgroup", new TextEncoder().encode('{"zarr_format":2}'));
        await store.put(key, blanks);
        const error = await assertRejects(() => openImage({ url }), ClearstackError, key);
        assertEquals([error.kind, error.limit], ["unsupported", MAX_DOCUMENT_BYTES], error.message);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a shard cut short is an error, wherever it is cut", async () => {
  for (const kept of [0, 10, 100, 300]) {
    const error = await assertRejects(
      () => readDamaged(plain, (bytes) => bytes.slice(0, kept), [1, 4, 4]),
      ClearstackError,
    );
    assertEquals(error.kind, "corrupt-data");
  }
});

Deno.test("a flipped bit anywhere in a shard of chunks with checksums is an error", async () => {
  const whole = await storedShard();
  for (let seed = 1; seed <= 150; seed++) {
    const bit = seed * 48271 % (8 * whole.length);
    const flip = (bytes: Uint8Array) => bytes.with(bit >> 3, bytes[bit >> 3]! ^ 1 << (bit & 7));
    const error = await assertRejects(() => readDamaged(STORED.crc32c!, flip, [1, 4, 4]), ClearstackError);
    assertEquals([error.kind, error.message.includes("c/1/0/0 is damaged")], ["corrupt-data", true], error.message);
  }
});

Deno.test("a chunk that unpacks to far more than it should is given up early", async () => {
  const bomb = gzipSync(new Uint8Array(2_000_000));
  const error = await assertRejects(() => readDamaged(STORED.gzip!, () => bomb), ClearstackError, "codec gzip");
  assertEquals(error.kind, "corrupt-data");
});

function storedShard(): Promise<Uint8Array> {
  return storedChunk({ ...STORED.crc32c!, inner: [1, 4, 4] });
}

async function storedChunk(options: Zarr3Options): Promise<Uint8Array> {
  const url = memoryUrl();
  await writeZarr3(url, options);
  return (await openStore(url).get("c/1/0/0"))!;
}
