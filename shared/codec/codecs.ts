/**
 * The codecs that zarrita decodes chunks with: native where the runtime has them, and strict. The library's own let truncated
 * chunks, wrong checksums and foreign element sizes pass.
 */
import { registry } from "zarrita";
import { codecWork } from "./threads/codec_threads.ts";
import type { DecodeStage } from "./threads/place_work.ts";
import { type DecoderName, DECODERS, type DecoderSettings } from "./decoders.ts";

/** Facts that a codec receives about the chunk it decodes. */
interface ChunkMeta {
  readonly dataType: string;
  readonly shape: readonly number[];
}

/** Puts the codecs into zarrita's registry, under their v3 names and those of numcodecs. */
export function registerCodecs(): void {
  registerStrictBytes();
  for (const name of Object.keys(DECODERS) as DecoderName[]) {
    const entry = {
      kind: "bytes_to_bytes" as const,
      fromConfig(configuration: unknown, meta: ChunkMeta) {
        const settings = decoderSettings(configuration, meta);
        return {
          kind: "bytes_to_bytes" as const,
          decode: (bytes: Uint8Array) => codecWork({ do: "decode", codec: name, settings }, bytes),
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

function decoderSettings(configuration: unknown, meta: ChunkMeta): DecoderSettings {
  return {
    configuration: (configuration ?? {}) as Record<string, unknown>,
    expectedBytes: chunkBytes(meta),
    maxBytes: maxStoredBytes(chunkBytes(meta)),
  };
}

/** The decoder that a bytes-to-bytes codec of a chunk has; undefined if there is none. */
export function decodeStage(name: string, configuration: unknown, meta: ChunkMeta): DecodeStage | undefined {
  const codec = name.replace(/^numcodecs\./, "");
  return codec in DECODERS
    ? { codec: codec as DecoderName, settings: decoderSettings(configuration, meta) }
    : undefined;
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
        const wanted = chunkBytes(meta);
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

function chunkBytes({ dataType, shape }: ChunkMeta): number {
  return shape.reduce((product, side) => product * side, elementBytes(dataType));
}

/** `uint16` -> 2, `bool` -> 1. */
function elementBytes(dataType: string): number {
  return Number(/\d+$/.exec(dataType)?.[0] ?? 8) / 8;
}

/**
 * Most bytes that a chunk takes between two of its codecs, or stored: an eighth more than it holds, and a page. Codecs add little to
 * what they cannot compress: LZ4 a byte in 255, Zstandard one in 256, gzip 5 in 16,384, Blosc and checksums a header.
 */
export function maxStoredBytes(chunkBytes: number): number {
  return Math.ceil(chunkBytes * 9 / 8) + 4096;
}
