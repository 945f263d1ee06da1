import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import Blosc from "numcodecs/blosc";
import { decodeBlosc, encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import { pythonTest, runPython } from "../../../fixtures/python.ts";

/** Bytes as random as `noise` (0 to 255) says. */
function bytesOf(length: number, noise: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, (_, index) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (index >> 4) + (state >> 16) % (noise + 1);
  });
}

const SNAPPY_FRAMES = [
  "02014002d0070000d0070000eb0000001400000067000000e8070000fe01003a01000003fe02003a02000006fe02003a0200" +
  "0009fe02003a0200000cfe02003a0200000ffe02003a02000012fe02003a02000015fe02003a02000018fe02003a0200001b" +
  "fe02003a0200001efe02003a02000021fe02003a020000249a020068000000e8070424009602000027fe02003a0200002afe" +
  "02003a0200002dfe02003a02000030fe02003a02000033fe02003a02000036fe02003a02000039fe02003a0200003cfe0200" +
  "3a0200003ffe02003a02000042fe02003a02000045fe02003a02000048fe02003a0200",
  "02014402d0070000d00700000b01000014000000bb000000e8070000010100ff01010109fe0a00ba0a000501017c0901050f" +
  "050109100101050f0501010e0901050f050109100101050f0501010e0901050f050109100101050f3a010001180919050a05" +
  "010523190a0501190f050a05013a190005013a190005013a19003a010005231901191e191405011919050105140501050f19" +
  "01051419013a1900190f4e010019373a01004e2d0005013a28003a01000523ee010005013a55009e0100ee78000578ee0100" +
  "3aa500ee4b00ee0100050134000000e8070000fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe0100fe" +
  "0100fe0100fe0100fe0100fe01009a0100",
];

/** Empty, below and above a block of 1 MiB, whole elements or not; compressible and not. */
const SAMPLES = [[0, 0], [1, 9], [4, 0], [4096, 3], [2 ** 20, 9], [2 ** 20 + 4, 9], [3_000_003, 1], [5000, 255], [
  1_500_000,
  255,
]]
  .map(([length, noise]) => bytesOf(length!, noise!));

Deno.test("a frame decodes to what was encoded", () => {
  for (const bytes of SAMPLES) {
    for (const size of [1, 2, 4, 8]) assertEquals(decodeBlosc(encodeBlosc(bytes, size)), bytes);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 16 }), (bytes, size) => {
    assertEquals(decodeBlosc(encodeBlosc(bytes, size)), bytes);
  }));
});

Deno.test("c-blosc decodes our frames, and we decode those of c-blosc", async () => {
  for (const bytes of SAMPLES.filter((sample) => sample.length > 0)) {
    for (const cname of ["blosclz", "lz4", "lz4hc", "zlib", "zstd"] as const) {
      for (const shuffle of [0, 1, 2] as const) {
        const theirs = Blosc.fromConfig({ id: "blosc", cname, clevel: 3, shuffle, blocksize: 0 });
        assertEquals(decodeBlosc(await theirs.encode(bytes)), bytes);
      }
    }
    const any = Blosc.fromConfig({ id: "blosc", cname: "zstd", clevel: 3, shuffle: 1, blocksize: 0 });
    assertEquals(await any.decode(encodeBlosc(bytes, 4)), bytes);
  }
});

pythonTest({
  name: "Python's numcodecs decodes our frames",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      for (const [index, bytes] of SAMPLES.entries()) {
        await Deno.writeFile(`${folder}/${index}.blosc`, encodeBlosc(bytes, 4));
        await Deno.writeFile(`${folder}/${index}.bin`, bytes);
      }
      const code = `
import numcodecs
for i in range(1, ${SAMPLES.length}):
    frame, plain = (open(f"${folder}/{i}.{kind}", "rb").read() for kind in ("blosc", "bin"))
    assert numcodecs.Blosc().decode(frame) == plain, i
print("same")`;
      assertEquals((await runPython("-c", code)).trim(), "same");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

pythonTest({
  name: "frames of Python's numcodecs are decoded, of every codec, shuffle, size of elements and of blocks",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await runPython("blosc_frames.py", folder);
      const stored = await Deno.readFile(`${folder}/frames.bin`);
      const frames = JSON.parse(await Deno.readTextFile(`${folder}/frames.json`)) as Frame[];
      for (const { plain, packed, made } of frames) {
        const [bytes, frame] = [plain, packed].map(([start, length]) => stored.subarray(start, start + length));
        assertEquals(decodeBlosc(frame!), bytes, made);
      }
      // 6 codecs, 3 shuffles.
      assertEquals(new Set(frames.map(({ made }) => made.split(",")[0])).size, 18);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Where in one file a frame and its content begin, and how long they are. */
interface Frame {
  readonly plain: readonly [number, number];
  readonly packed: readonly [number, number];
  /** "codec shuffle, ...": how it was made. */
  readonly made: string;
}

Deno.test("frames of Snappy, which not every c-blosc has, are decoded with and without shuffle", () => {
  // numcodecs 0.11: Blosc(cname="snappy", shuffle=0 and 2).encode((arange(1000) // 40 * 3).astype("<u2"))
  const bytes = new Uint8Array(
    new Uint16Array(Array.from({ length: 1000 }, (_, index) => Math.floor(index / 40) * 3)).buffer,
  );
  for (const hex of SNAPPY_FRAMES) assertEquals(decodeBlosc(Uint8Array.fromHex(hex)), bytes);
});

Deno.test("a frame of another version or of an unknown codec is refused by its number", () => {
  const frame = encodeBlosc(bytesOf(4096, 0), 4);
  assertThrows(() => decodeBlosc(frame.with(0, 5)), Error, "version 5 of Blosc's format");
  assertThrows(() => decodeBlosc(frame.with(2, frame[2]! | 0xe0)), Error, "codec 7 of Blosc, which is not known");
});

Deno.test("encoding twice gives the same bytes", () => {
  for (const bytes of SAMPLES) assertEquals(encodeBlosc(bytes, 4), encodeBlosc(bytes.slice(), 4));
});

Deno.test("noise is stored, 16 bytes longer than it was", () => {
  assertEquals(encodeBlosc(bytesOf(5000, 255), 1).length, 5016);
});

Deno.test("a frame cut short anywhere is an error", () => {
  const frame = encodeBlosc(bytesOf(4096, 3), 4);
  for (let length = 0; length < frame.length; length += 37) assertThrows(() => decodeBlosc(frame.subarray(0, length)));
});

Deno.test("a frame whose header was made to fit a cut is still an error", () => {
  for (const noise of [0, 255]) {
    const frame = encodeBlosc(bytesOf(4096, noise), 4).slice(0, -40);
    new DataView(frame.buffer).setUint32(12, frame.length, true);
    assertThrows(() => decodeBlosc(frame), Error, "cut short");
  }
});
