/**
 * Zstandard by the runtime's native library, into memory that the caller has. The functions of node:zlib return fresh memory on
 * every call, which nothing but the garbage collector can give back, and touching it for the first time takes as long as decoding
 * into it. So bytes go through the handle that those functions use themselves; where a runtime has none, or frames are not of
 * the usual kind, through the functions.
 */
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Handle behind a stream of node:zlib. */
interface Native {
  readonly _handle?: {
    writeSync?(
      ...args: [
        ...[flush: number, input: Uint8Array, inputOffset: number, inputBytes: number],
        ...[output: Uint8Array, outputOffset: number, outputBytes: number],
      ]
    ): void;
    reset?(): void;
  };
  /** Bytes of output and of input that the last write left. */
  readonly _writeState?: Uint32Array;
}

/** The last word to both directions: all input is there. */
const END = constants.ZSTD_e_end;

const LEVEL_1 = { [constants.ZSTD_c_compressionLevel]: 1 };

/** Room that node:zlib asks for at least. */
const MIN_CHUNK_BYTES = 64;

const compressor = nativeStream(() => createZstdCompress({ params: LEVEL_1, chunkSize: MIN_CHUNK_BYTES }));
const decompressor = nativeStream(() => createZstdDecompress({ chunkSize: MIN_CHUNK_BYTES }));

/** Most bytes that so many can take when compressed: `ZSTD_COMPRESSBOUND` of zstd.h. */
export function zstdBound(bytes: number): number {
  return bytes + (bytes >> 8) + (bytes < 2 ** 17 ? (2 ** 17 - bytes) >> 11 : 0);
}

/**
 * Compresses at level 1. Same bytes in, same bytes out.
 *
 * @param target room for {@link zstdBound} bytes
 * @returns how many of them were filled
 */
export function zstdCompressInto(target: Uint8Array, bytes: Uint8Array): number {
  const left = compressor(bytes, target);
  if (left?.input === 0 && left.output > 0) return target.length - left.output;
  const packed = zstdCompressSync(bytes, { params: LEVEL_1, chunkSize: target.length });
  target.set(packed);
  return packed.length;
}

/** Takes what a frame has after its last byte of content, and a byte of content too many. */
const beyond = new Uint8Array(1);

/** Decompresses what fills `target` exactly; false, with whatever in it, if the bytes do not, or the runtime has no handle. */
export function zstdFills(target: Uint8Array, packed: Uint8Array): boolean {
  let left = decompressor(packed, target);
  // Frames that do not tell their length stop short of their end, and others may follow.
  while (left && left.input > 0) {
    const rest = packed.subarray(packed.length - left.input);
    if (left.output === 0) {
      left = decompressor(rest, beyond, { goesOn: true });
      return left !== undefined && left.input === 0 && left.output === beyond.length;
    }
    const { output } = left;
    left = decompressor(rest, target.subarray(target.length - output), { goesOn: true });
    if (left?.input === rest.length && left.output === output) return false;
  }
  return left?.output === 0;
}

/**
 * As {@link zstdFills}, in any case.
 *
 * @throws {Error} if the bytes are damaged, or do not fill `target`
 */
export function zstdDecompressInto(target: Uint8Array, packed: Uint8Array): void {
  if (zstdFills(target, packed)) return;
  const limits = { maxOutputLength: target.length, chunkSize: target.length + MIN_CHUNK_BYTES };
  const plain = zstdDecompressSync(packed, limits);
  if (plain.length !== target.length) {
    throw new Error(`it holds ${plain.length} bytes where ${target.length} were expected`);
  }
  target.set(plain);
}

/** Lengths left of input and output after a write. */
interface Left {
  readonly input: number;
  readonly output: number;
}

/** Passes bytes through a stream's handle in one write; undefined if there is no such handle, or the bytes are damaged. */
type NativeStream = (input: Uint8Array, output: Uint8Array, options?: { readonly goesOn: boolean }) => Left | undefined;

function nativeStream(create: () => unknown): NativeStream {
  let stream: Native | undefined;
  return (input, output, { goesOn } = { goesOn: false }) => {
    stream ??= create() as Native;
    const { _handle: handle, _writeState: left } = stream;
    if (!handle?.writeSync || !handle.reset || !left) return undefined;
    try {
      if (!goesOn) handle.reset();
      handle.writeSync(END, input, 0, input.length, output, 0, output.length);
      return { output: left[0]!, input: left[1]! };
    } catch {
      // A stream that has failed stays failed. What is wrong with the bytes, the function says that is asked next.
      stream = undefined;
      return undefined;
    }
  };
}
