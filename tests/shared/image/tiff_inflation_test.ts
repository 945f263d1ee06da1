import { assertEquals, assertThrows } from "@std/assert";
import { getDecoder } from "geotiff";
import { assertInflatesTo, endedLzw } from "shared/image/tiff/tiff_inflation.ts";
import { noise } from "../../fixtures/noise.ts";

/** LZW of TIFF 6.0 as its specification writes it, without a limit on what it packs. */
function lzw(bytes: Uint8Array): Uint8Array {
  const bits: number[] = [];
  let [table, width] = [new Map<string, number>(), 9];
  const write = (code: number) => {
    for (let bit = width - 1; bit >= 0; bit--) bits.push(code >> bit & 1);
  };
  const clear = () => {
    write(256);
    table = new Map(Array.from({ length: 256 }, (_, code) => [String.fromCharCode(code), code]));
    width = 9;
  };
  clear();
  let [next, prefix] = [258, ""];
  for (const byte of bytes) {
    const longer = prefix + String.fromCharCode(byte);
    if (table.has(longer)) {
      prefix = longer;
      continue;
    }
    write(table.get(prefix)!);
    table.set(longer, next++);
    prefix = String.fromCharCode(byte);
    if (next === 512 || next === 1024 || next === 2048) width++;
    if (next === 4094) {
      clear();
      next = 258;
    }
  }
  if (prefix !== "") write(table.get(prefix)!);
  write(257);
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, at) => packed[at >> 3]! |= bit << (7 - at % 8));
  return packed;
}

/** Runs of one byte, 128 at a time. */
const packBits = (length: number) => new Uint8Array(2 * Math.ceil(length / 128)).map((_, at) => at % 2 ? 7 : 129);

/** Bytes that the check takes it for: the least limit that it lets pass. */
function counted(stored: Uint8Array, compression: number): number {
  let [below, enough] = [-1, 2 ** 26];
  while (enough - below > 1) {
    const limit = (below + enough) >> 1;
    try {
      assertInflatesTo(limit, stored, compression);
      enough = limit;
    } catch {
      below = limit;
    }
  }
  return enough;
}

const decoded = async (stored: Uint8Array, compression: number) => (await bytesOf(stored, compression)).length;

const bytesOf = async (stored: Uint8Array, compression: number) => {
  const options = { tileWidth: 1, tileHeight: 1, predictor: 1, planarConfiguration: 1, bitsPerSample: [8] };
  const decoder = await getDecoder(compression, options as unknown as Parameters<typeof getDecoder>[1]);
  return new Uint8Array(await decoder.decode(stored.slice().buffer));
};

Deno.test("what LZW and PackBits decode to is counted as the decoder finds it", async () => {
  for (
    const bytes of [new Uint8Array(0), Uint8Array.of(5), noise(1000), noise(30_000), new Uint8Array(100_000).fill(3)]
  ) {
    const packed = lzw(bytes);
    assertEquals([counted(packed, 5), await decoded(packed, 5)], [bytes.length, bytes.length]);
  }
  assertEquals([counted(packBits(12_800), 32773), await decoded(packBits(12_800), 32773)], [12_800, 12_800]);
});

Deno.test("a strip that decodes to far more than its voxels is refused before it is decoded", () => {
  const bomb = lzw(new Uint8Array(3_000_000));
  assertEquals(bomb.length < 10_000, true, `${bomb.length}`);
  assertThrows(() => assertInflatesTo(100_000, bomb, 5), Error, "100000 are the most");
  assertThrows(() => assertInflatesTo(100_000, packBits(1_000_000), 32773), Error, "1000064 bytes");
  const frame = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0];
  assertThrows(() => assertInflatesTo(100_000, Uint8Array.from(frame), 7), Error, `${65_535 ** 2 * 3} bytes`);
});

Deno.test("LZW that lacks its end, anywhere, decodes to the same without a word on the console", async () => {
  const warn = console.warn;
  const said: unknown[] = [];
  console.warn = (...words: unknown[]) => void said.push(words);
  try {
    const whole = lzw(noise(3000));
    assertEquals(endedLzw(whole), whole);
    for (const length of [0, 1, 2, 3, 500, 501, 502, whole.length - 3, whole.length - 1]) {
      const cut = whole.slice(0, length);
      const before = await bytesOf(cut, 5);
      assertEquals(said.splice(0).length > 0, true, `${length}`);
      assertEquals(await bytesOf(endedLzw(cut), 5), before, `${length}`);
      assertEquals(said.length, 0, `${length}`);
    }
  } finally {
    console.warn = warn;
  }
});

/** A marker of JPEG with its payload. */
const segment = (marker: number, ...payload: number[]) => [0xff, marker, 0, payload.length + 2, ...payload];
const FRAME = segment(0xc0, 8, 0, 20, 0, 30, 1, 1, 0x11, 0);
const SCAN = [...segment(0xda, 1, 1, 0, 0, 63, 0), 0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56];

Deno.test("a JPEG of several frames is refused before a decoder makes room for them and writes to the console", () => {
  const size = (...parts: readonly number[][]) => counted(Uint8Array.from([0xff, 0xd8, ...parts.flat()]), 7);
  const end = [0xff, 0xd9];
  assertEquals(size(FRAME, SCAN, end), 600);
  // A picture of the picture in its header, and what follows its end, are no frames of it.
  assertEquals(size(segment(0xe1, 0xff, 0xd8, ...FRAME, ...end), FRAME, SCAN, end, FRAME), 600);
  const twice = Uint8Array.from([0xff, 0xd8, ...FRAME, ...SCAN, 0xff, ...FRAME, ...SCAN, ...end]);
  assertThrows(() => assertInflatesTo(Infinity, twice, 7), Error, "a JPEG of 2 frames");
});
