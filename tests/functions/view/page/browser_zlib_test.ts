import { assertEquals, assertThrows } from "@std/assert";
import * as native from "node:zlib";
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "functions/view/page/data/browser_zlib.ts";

const PLAIN = Uint8Array.from({ length: 100_000 }, (_, index) => (index * index >> 7) & 255);

/** How bytes are compressed, and decompressed in a browser. */
const CODECS = [
  ["zstd", native.zstdCompressSync, zstdDecompressSync],
  ["gzip", native.gzipSync, gunzipSync],
  ["zlib", native.deflateSync, inflateSync],
] as const;

for (const [name, compress, decompress] of CODECS) {
  Deno.test(`${name} is decoded as by node:zlib`, () => {
    const packed = new Uint8Array(compress(PLAIN));
    assertEquals(new Uint8Array(decompress(packed, { maxOutputLength: PLAIN.length })), PLAIN);
  });

  Deno.test(`${name} that holds more than it may, or is cut short, is refused`, () => {
    const packed = new Uint8Array(compress(PLAIN));
    assertThrows(() => decompress(packed, { maxOutputLength: PLAIN.length - 1 }));
    assertThrows(() => decompress(packed.subarray(0, packed.length / 2), { maxOutputLength: PLAIN.length }));
  });

  Deno.test(`${name} that would fill the memory is refused before it does`, () => {
    const bomb = new Uint8Array(compress(new Uint8Array(16 * 2 ** 20)));
    const before = Deno.memoryUsage().external;
    assertThrows(() => decompress(bomb, { maxOutputLength: 1024 }), Error, "more than the 1024 bytes");
    // The bomb holds 16 MiB; tables of the decoders and a block take less than 4.
    assertEquals(Deno.memoryUsage().external - before < 4 * 2 ** 20, true);
  });
}

for (const [name, compress, decompress] of CODECS.slice(1)) {
  Deno.test(`${name} with bytes behind its end is decoded, as by node:zlib`, () => {
    const padded = new Uint8Array([...compress(PLAIN), 0, 0, 0]);
    assertEquals(new Uint8Array(decompress(padded, { maxOutputLength: PLAIN.length })), PLAIN);
  });
}

for (const [name, compress, decompress] of CODECS.slice(1)) {
  Deno.test(`${name} with a wrong checksum is refused`, () => {
    const packed = new Uint8Array(compress(PLAIN));
    packed[packed.length - (name === "gzip" ? 5 : 1)]! ^= 1;
    assertThrows(() => decompress(packed, { maxOutputLength: PLAIN.length }), Error, "checksum");
  });
}

Deno.test("frames that tell no size, and several frames, are decoded", () => {
  const stream = new Uint8Array(
    native.zstdCompressSync(PLAIN, { params: { [native.constants.ZSTD_c_contentSizeFlag]: 0 } }),
  );
  const twice = new Uint8Array([...stream, ...native.zstdCompressSync(PLAIN)]);
  assertEquals(
    new Uint8Array(zstdDecompressSync(twice, { maxOutputLength: 2 * PLAIN.length })),
    new Uint8Array([...PLAIN, ...PLAIN]),
  );
});

Deno.test("all members of a gzip are decoded, alike, empty and padded ones too, as by node:zlib", () => {
  const member = (plain: Uint8Array) => [...native.gzipSync(plain)];
  const [one, other, none] = [member(PLAIN), member(PLAIN.subarray(7, 300)), member(new Uint8Array())];
  const files = [[one, other], [one, one, one], [none, one, none, other, none], [one, none, [0, 0, 0]]];
  for (const members of files) {
    const bytes = Uint8Array.from(members.flat());
    const maxOutputLength = 3 * PLAIN.length;
    const expected = new Uint8Array(native.gunzipSync(bytes, { maxOutputLength }));
    assertEquals(gunzipSync(bytes, { maxOutputLength }), expected);
    assertEquals(gunzipSync(bytes, { maxOutputLength: expected.length }), expected);
    assertThrows(() => gunzipSync(bytes, { maxOutputLength: expected.length - 1 }), Error, "more than");
  }
  const bytes = Uint8Array.from([...one, ...other]);
  for (const at of [one.length - 5, bytes.length - 5]) {
    const damaged = bytes.map((byte, index) => index === at ? byte ^ 1 : byte);
    assertThrows(() => gunzipSync(damaged, { maxOutputLength: 3 * PLAIN.length }), Error, "checksum");
  }
});

Deno.test("what has no native handle is known by that, and nothing is compressed", () => {
  assertEquals(["_handle" in createZstdCompress(), "_handle" in createZstdDecompress()], [false, false]);
  assertEquals(constants.ZSTD_e_end, native.constants.ZSTD_e_end);
  assertEquals(constants.ZSTD_c_compressionLevel, native.constants.ZSTD_c_compressionLevel);
  assertThrows(() => zstdCompressSync());
});
