/** Damage of every kind to chunks of every codec: an error or bytes of their own, at once, and nothing that outlives it. */
import { assert, assertEquals } from "@std/assert";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import Blosc from "numcodecs/blosc";
import Lz4 from "numcodecs/lz4";
import { crc32c } from "shared/codec/crc32c.ts";
import { type DecoderName, DECODERS, type DecoderSettings } from "shared/codec/decoders.ts";
import { noise } from "../../fixtures/noise.ts";
import { TESTS_ALL } from "../../test_unless.ts";

const DAMAGES = TESTS_ALL ? 1000 : 200;
const BYTES = 40_000;

/** As long as the others, and nothing like them: what would come out of memory that is used again. */
const OTHERS = [new Uint8Array(BYTES).fill(0x5a), new Uint8Array(noise(BYTES))];

const plain = new Uint8Array(new Uint16Array(BYTES / 2).map((_, index) => (index >> 3) + index * 7919 % 13).buffer);
const settings: DecoderSettings = { configuration: {}, expectedBytes: BYTES, maxBytes: 8 * BYTES + 4096 };

type Encode = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

interface Codec {
  readonly decoder: DecoderName;
  readonly encode: Encode;
  /** What is left of the right bytes after damage that is not noticed: all of them, where there is a checksum. */
  readonly checked: boolean;
}

const CODECS: Record<string, Codec> = {
  gzip: { decoder: "gzip", encode: gzipSync, checked: true },
  zlib: { decoder: "zlib", encode: deflateSync, checked: true },
  crc32c: { decoder: "crc32c", encode: withChecksum, checked: true },
  zstd: { decoder: "zstd", encode: zstdCompressSync, checked: false },
  lz4: { decoder: "lz4", encode: (bytes) => Lz4.fromConfig({ id: "lz4" }).encode(bytes), checked: false },
};
for (const cname of ["blosclz", "lz4", "lz4hc", "zlib", "zstd"] as const) {
  for (const shuffle of [0, 1, 2] as const) {
    const blosc = Blosc.fromConfig({ id: "blosc", cname, clevel: 5, shuffle, blocksize: 0 });
    CODECS[`blosc of ${cname}, shuffle ${shuffle}`] = {
      decoder: "blosc",
      encode: (bytes) => blosc.encode(bytes),
      checked: false,
    };
  }
}

for (const [name, { decoder, encode, checked }] of Object.entries(CODECS)) {
  const decode = async (bytes: Uint8Array): Promise<Uint8Array | undefined> => {
    try {
      return (await DECODERS[decoder](bytes.slice(), settings)).slice();
    } catch (error) {
      assert(error instanceof Error, `${error}`);
      return undefined;
    }
  };

  Deno.test(`${DAMAGES} damages to ${name} are errors or bytes of their own, and the next chunk is right`, async () => {
    const packed = new Uint8Array(await encode(plain));
    const others = await Promise.all(OTHERS.map(async (bytes) => new Uint8Array(await encode(bytes))));
    let errors = 0;
    for (let seed = 1; seed <= DAMAGES; seed++) {
      const broken = damaged(packed, seed);
      const afterEach: (Uint8Array | undefined)[] = [];
      for (const [index, other] of others.entries()) {
        assertEquals(await decode(other), OTHERS[index]);
        const started = performance.now();
        afterEach.push(await decode(broken));
        // A few milliseconds where it is an error or not; a second is a machine with other work.
        assert(performance.now() - started < 1000, `seed ${seed} took too long`);
      }
      const [first, second] = afterEach;
      assertEquals(first, second, `what seed ${seed} gives depends on what was decoded before`);
      if (first === undefined) errors++;
      else if (checked) assertEquals(first, plain, `seed ${seed} passed the checksum`);
      else assert(first.length <= settings.maxBytes, `seed ${seed} gives ${first.length} bytes`);
    }
    // Cuts and headers that contradict themselves are two kinds of damage in five.
    assert(errors > DAMAGES / 5, `${errors}`);
  });
}

Deno.test("a length that no honest chunk has is refused before there is room for it", async () => {
  const lz4 = new Uint8Array(await CODECS.lz4!.encode(plain));
  const blosc = new Uint8Array(await CODECS["blosc of lz4, shuffle 1"]!.encode(plain));
  for (const [decoder, bytes, at] of [["lz4", lz4, 0], ["blosc", blosc, 4]] as const) {
    for (const claimed of [settings.maxBytes + 1, 2 ** 31 - 1, 2 ** 32 - 1]) {
      new DataView(bytes.buffer).setUint32(at, claimed, true);
      const error = await Promise.resolve().then(() => DECODERS[decoder](bytes, settings)).catch((error) => error);
      assert(error instanceof Error && error.message.includes(`${claimed} bytes, which is too much`), `${error}`);
    }
  }
});

function withChecksum(bytes: Uint8Array): Uint8Array {
  return new Uint8Array([...bytes, ...new Uint8Array(Uint32Array.of(crc32c(bytes)).buffer)]);
}

/** Cut, flipped in one bit, overwritten in its header or anywhere, or nothing but noise behind its header. */
function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  let state = seed;
  const below = (bound: number) => (state = state * 48271 % 2147483647) % bound;
  below(1);
  const broken = bytes.slice();
  const overwrite = (count: number, within: number) => {
    for (let index = 0; index < count; index++) broken[below(Math.min(within, broken.length))]! ^= 1 + below(255);
    return broken;
  };
  switch (seed % 5) {
    case 0:
      return lengthsMended(bytes.slice(0, below(bytes.length)), below(2));
    case 1:
      broken[below(broken.length)]! ^= 1 << below(8);
      return broken;
    case 2:
      return overwrite(1 + below(4), 32);
    case 3:
      return overwrite(1 + below(20), Infinity);
    default:
      broken.set(noise(broken.length - 16), 16);
      return lengthsMended(broken.slice(0, 16 + below(2000)), 1);
  }
}

/** Writes a Blosc frame's new length into its header, so that it is not all that is noticed. */
function lengthsMended(bytes: Uint8Array, mend: number): Uint8Array {
  if (mend === 1 && bytes.length > 16) new DataView(bytes.buffer).setUint32(12, bytes.length, true);
  return bytes;
}
