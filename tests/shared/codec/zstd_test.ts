/** Zstandard into memory of ours, beside node:zlib's own functions. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { zstdBound, zstdCompressInto, zstdDecompressInto, zstdFills } from "shared/codec/zstd.ts";

/** Numbers that repeat somewhat, as those of images do; with `noise`, not at all. */
function bytesOf(length: number, noise = false): Uint8Array<ArrayBuffer> {
  let state = length + 1;
  return Uint8Array.from({ length }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return noise ? state >>> 24 : (index >> 6) + (state >>> 29);
  });
}

function packedOf(bytes: Uint8Array): Uint8Array {
  const room = new Uint8Array(zstdBound(bytes.length));
  return room.slice(0, zstdCompressInto(room, bytes));
}

Deno.test("the runtime's handle is in use, not the way round it", () => {
  const bytes = bytesOf(100_000);
  assert(zstdFills(new Uint8Array(bytes.length), zstdCompressSync(bytes)));
});

Deno.test("what is compressed decompresses to the same, here and by node:zlib, and always to the same bytes", () => {
  for (const length of [0, 1, 100, 2 ** 17 - 1, 2 ** 17, 2 ** 20 + 3]) {
    for (const noise of [false, true]) {
      const bytes = bytesOf(length, noise);
      const packed = packedOf(bytes);
      packedOf(bytesOf(1000));
      assertEquals(packedOf(bytes), packed);
      assertEquals(new Uint8Array(zstdDecompressSync(packed)), bytes);
      const plain = new Uint8Array(length).fill(7);
      zstdDecompressInto(plain, packed);
      assertEquals(plain, bytes);
    }
  }
});

Deno.test("frames one after the other, and with checksums, are read as one", () => {
  const [first, second] = [bytesOf(5000), bytesOf(700)];
  const packed = new Uint8Array([...zstdCompressSync(first), ...packedOf(second)]);
  const plain = new Uint8Array(5700);
  zstdDecompressInto(plain, packed);
  assertEquals(plain, new Uint8Array([...first, ...second]));
});

Deno.test("what is cut short, too long or damaged is an error, and nothing of it lasts", () => {
  const bytes = bytesOf(50_000);
  const packed = packedOf(bytes);
  const target = new Uint8Array(bytes.length);
  for (const length of [0, 1, 10, packed.length >> 1, packed.length - 1]) {
    assertThrows(() => zstdDecompressInto(target, packed.subarray(0, length)), Error);
  }
  // The magic number, which every frame begins with.
  assertThrows(() => zstdDecompressInto(target, packed.with(0, 0)), Error);
  for (let at = 4; at < packed.length; at += 97) {
    // Bits of content without a checksum may change in silence; what counts is that neither a crash nor an error stays.
    try {
      zstdDecompressInto(target, packed.with(at, packed[at]! ^ 0xff));
    } catch (error) {
      assert(error instanceof Error);
    }
    zstdDecompressInto(target, packed);
    assertEquals(target, bytes);
  }
  assertThrows(() => zstdDecompressInto(new Uint8Array(bytes.length - 1), packed), Error);
  assertThrows(
    () => zstdDecompressInto(new Uint8Array(bytes.length + 1), packed),
    Error,
    "it holds 50000 bytes where 50001 were expected",
  );
});
