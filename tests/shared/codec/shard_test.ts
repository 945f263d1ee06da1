import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeShard } from "shared/codec/shard.ts";
import { decodeShardIndex, encodeShardIndex, type ShardEntry } from "shared/codec/shard_index.ts";

const bytesOf = (...numbers: number[]) => Uint8Array.from(numbers);
const hex = (bytes: Uint8Array) => bytes.toHex();

/** CRC-32C bit by bit, from the polynomial alone. */
function checksum(bytes: Uint8Array): Uint8Array {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return new Uint8Array(Uint32Array.of((crc ^ 0xffffffff) >>> 0).buffer);
}

Deno.test("a shard is its chunks in order, then an index of offsets and lengths, then the index's CRC-32C", async () => {
  const stored = [bytesOf(1, 2, 3), undefined, bytesOf(4)];
  const shard = await encodeShard({
    chunks: 3,
    chunkBytes: 3,
    concurrency: 2,
    encodeChunk: (position) => Promise.resolve(stored[position]),
  });
  const index = "0000000000000000" + "0300000000000000" +
    "ffffffffffffffff" + "ffffffffffffffff" +
    "0300000000000000" + "0100000000000000";
  assertEquals(hex(shard), "010203" + "04" + index + hex(checksum(Uint8Array.fromHex(index))));
});

Deno.test("a shard does not depend on which of its chunks is ready first", async () => {
  const encode = async (delays: readonly number[]) => {
    const bytes = await encodeShard({
      chunks: delays.length,
      chunkBytes: 4,
      concurrency: 3,
      encodeChunk: async (position) => {
        await new Promise((resolve) => setTimeout(resolve, delays[position]!));
        return new Uint8Array(1 + position % 4).fill(position);
      },
    });
    return hex(bytes);
  };
  assertEquals(await encode([9, 1, 5, 0, 7, 2]), await encode([0, 0, 0, 0, 0, 0]));
});

Deno.test("no more chunks are encoded at once than agreed, and none goes on after one has failed", async () => {
  let [running, most, begun] = [0, 0, 0];
  const encodeChunk = async (position: number) => {
    begun++;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    if (position === 4) throw new Error("chunk 4 failed");
    return bytesOf(position);
  };
  await assertRejects(
    () => encodeShard({ chunks: 20, chunkBytes: 1, concurrency: 3, encodeChunk }),
    Error,
    "chunk 4 failed",
  );
  assertEquals([most, running], [3, 0]);
  // Chunks 5 and 6 were under way with chunk 4.
  assertEquals(begun, 7);
});

const ENTRIES: ShardEntry[] = [{ offset: 100, length: 7 }, undefined, { offset: 2 ** 40, length: 2 ** 33 }];

Deno.test("an index reads back as it was written, with offsets beyond 32 bits", () => {
  assertEquals(decodeShardIndex(encodeShardIndex(ENTRIES), { littleEndian: true, checksum: true }), ENTRIES);
});

Deno.test("every flipped bit of an index is noticed", () => {
  const index = encodeShardIndex(ENTRIES);
  for (let bit = 0; bit < 8 * index.length; bit++) {
    const damaged = index.with(bit >> 3, index[bit >> 3]! ^ (1 << (bit & 7)));
    assertThrows(() => decodeShardIndex(damaged, { littleEndian: true, checksum: true }), Error, "checksum");
  }
});
