/** Decoders of stored bytes: native where the runtime has the codec, and strict. */
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { recycleMemory, takeBytes } from "shared/process/recycle_memory.ts";
import { decodeBlosc } from "./blosc/blosc_frame.ts";
import { crc32c } from "./crc32c.ts";
import { decodeLz4 } from "./blosc/lz4_block.ts";
import { unshuffleInto } from "./blosc/shuffle.ts";
import { zstdFills } from "./zstd.ts";

/** Settings of a decoder; plain data, so that they can go to another thread. */
export interface DecoderSettings {
  /** As the array's metadata has it. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Bytes that should come out, to be ready for them. */
  readonly expectedBytes: number;
  /** Bytes that may come out at most. */
  readonly maxBytes: number;
}

type Decoder = (bytes: Uint8Array, settings: DecoderSettings) => Uint8Array | Promise<Uint8Array>;

/**
 * Decodes in one piece, which is faster than many that have to be joined; a little more than expected, so that the end is seen in
 * it. The copy is because node:zlib keeps what it returns from being given back or sent to another thread.
 */
function inOnePiece(
  decode: (bytes: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Uint8Array,
): Decoder {
  return (bytes, { expectedBytes, maxBytes }) => {
    const plain = decode(bytes, { maxOutputLength: maxBytes, chunkSize: Math.max(1024, expectedBytes + 64) });
    const own = takeBytes(plain.length);
    own.set(plain);
    return own;
  };
}

const zstdInOnePiece = inOnePiece(zstdDecompressSync);

/** Bytes-to-bytes codecs by name; they throw Errors that say what is wrong with the bytes. */
export const DECODERS = {
  zstd: (bytes, settings) => {
    const plain = takeBytes(settings.expectedBytes);
    if (zstdFills(plain, bytes)) return plain;
    recycleMemory(plain);
    return zstdInOnePiece(bytes, settings);
  },
  gzip: inOnePiece(gunzipSync),
  zlib: inOnePiece(inflateSync),
  blosc: (bytes, { maxBytes }) => decodeBlosc(bytes, maxBytes),
  lz4: (bytes, { maxBytes }) => decodeLz4(bytes, maxBytes),
  shuffle: (bytes, { configuration }) => {
    const plain = takeBytes(bytes.length);
    unshuffleInto(plain, bytes, Number(configuration.elementsize ?? 4));
    return plain;
  },
  crc32c: verifyCrc32c,
} as const satisfies Readonly<Record<string, Decoder>>;

/** Names of {@link DECODERS}. */
export type DecoderName = keyof typeof DECODERS;

function verifyCrc32c(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error("the checksum is missing");
  const content = bytes.subarray(0, bytes.length - 4);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + content.length, 4).getUint32(0, true);
  if (stored !== crc32c(content)) throw new Error("the checksum does not match");
  return content;
}
