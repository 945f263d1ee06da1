/**
 * The codecs that zarrita decodes chunks with: native where the runtime has them, and strict. The library's own let truncated
 * chunks, wrong checksums and foreign element sizes pass.
 */
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import Blosc from "numcodecs/blosc";
import Lz4 from "numcodecs/lz4";
import { registry } from "zarrita";
import { decodeBlosc } from "./blosc_frame.ts";
import { crc32c } from "./crc32c.ts";
import { unshuffle } from "./shuffle.ts";

/** What a codec is told of the chunk it decodes. */
interface ChunkMeta {
  readonly dataType: string;
  readonly shape: readonly number[];
}

type Decoder = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
type MakeDecoder = (configuration: Record<string, unknown>, maxOutputLength: number) => Decoder;

/** Bytes-to-bytes codecs by name. */
const DECODERS: Readonly<Record<string, MakeDecoder>> = {
  zstd: (_, maxOutputLength) => (bytes) => zstdDecompressSync(bytes, { maxOutputLength }),
  gzip: (_, maxOutputLength) => (bytes) => gunzipSync(bytes, { maxOutputLength }),
  zlib: (_, maxOutputLength) => (bytes) => inflateSync(bytes, { maxOutputLength }),
  blosc: () => {
    const other = Blosc.fromConfig({ id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 });
    return (frame) => decodeBlosc(frame) ?? other.decode(frame);
  },
  lz4: () => {
    const lz4 = Lz4.fromConfig({ id: "lz4" });
    return (bytes) => lz4.decode(bytes);
  },
  shuffle: ({ elementsize }) => (bytes) => unshuffle(bytes, Number(elementsize ?? 4)),
  crc32c: () => verifyCrc32c,
};

/** Puts the codecs into zarrita's registry, under their v3 names and those of numcodecs. */
export function registerCodecs(): void {
  registerStrictBytes();
  for (const [name, makeDecoder] of Object.entries(DECODERS)) {
    const entry = {
      kind: "bytes_to_bytes" as const,
      fromConfig(configuration: unknown, meta: ChunkMeta) {
        return {
          kind: "bytes_to_bytes" as const,
          decode: makeDecoder((configuration ?? {}) as Record<string, unknown>, outputLimit(meta)),
          encode(): never {
            throw new Error(`${name} is for reading only`);
          },
          ...(name === "crc32c" ? { computeEncodedSize: (size: number) => size + 4 } : {}),
        };
      },
    };
    // zarrita types codecs by numcodecs' interface, which has encode and decode only.
    registry.set(name, () => Promise.resolve(entry as never));
    registry.set(`numcodecs.${name}`, () => Promise.resolve(entry as never));
  }
}

let strictBytes = false;

/** zarrita's bytes codec takes any length; a chunk that is too short or too long is damaged. */
function registerStrictBytes(): void {
  if (strictBytes) return;
  strictBytes = true;
  const load = registry.get("bytes")!;
  registry.set("bytes", async () => {
    const entry = await load();
    return {
      kind: "array_to_bytes" as const,
      fromConfig(configuration: unknown, meta: Parameters<typeof entry.fromConfig>[1]) {
        const codec = entry.fromConfig(configuration, meta);
        const { dataType, shape } = meta;
        const wanted = elementBytes(dataType) * shape.reduce((product, side) => product * side, 1);
        const decode = codec.decode.bind(codec);
        return Object.assign(codec, {
          decode(bytes: Uint8Array) {
            if (bytes.length !== wanted) {
              throw new Error(`it holds ${bytes.length} bytes where ${wanted} were expected`);
            }
            return decode(bytes);
          },
        });
      },
    };
  });
}

/** `uint16` -> 2, `bool` -> 1. */
function elementBytes(dataType: string): number {
  return Number(/\d+$/.exec(dataType)?.[0] ?? 8) / 8;
}

/** Twice the chunk, in elements of 8 bytes, and a page: what no honest intermediate exceeds and no bomb may. */
function outputLimit(meta: ChunkMeta): number {
  return 2 * 8 * meta.shape.reduce((product, side) => product * side, 1) + 4096;
}

function verifyCrc32c(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error("the checksum is missing");
  const content = bytes.subarray(0, bytes.length - 4);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + content.length, 4).getUint32(0, true);
  if (stored !== crc32c(content)) throw new Error("the checksum does not match");
  return content;
}
