import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import Blosc from "numcodecs/blosc";
import { decodeBlosc, encodeBlosc } from "shared/storage/blosc_frame.ts";
import { hasPython, runPython } from "../../fixtures/python.ts";

/** Bytes as random as `noise` (0 to 255) says. */
function bytesOf(length: number, noise: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, (_, index) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (index >> 4) + (state >> 16) % (noise + 1);
  });
}

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
    for (const shuffle of [0, 1]) {
      const theirs = Blosc.fromConfig({ id: "blosc", cname: "zstd", clevel: 3, shuffle, blocksize: 0 });
      assertEquals(decodeBlosc(await theirs.encode(bytes)), bytes);
      assertEquals(await theirs.decode(encodeBlosc(bytes, 4)), bytes);
    }
  }
});

Deno.test({
  name: "Python's numcodecs decodes our frames",
  ignore: !hasPython,
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
