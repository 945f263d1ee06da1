/**
 * Blosc 1 frames with byte shuffle and Zstandard, on the runtime's native Zstandard: several times faster than WASM builds of
 * c-blosc, and readable by every Zarr reader. Layout: c-blosc 1.21, README_CHUNK_FORMAT.rst. Frames of other inner codecs are
 * left to the caller.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { constants } from "node:zlib";
import { recycleMemory, takeBytes } from "../recycle_memory.ts";
import { shuffleInto, unshuffleInto } from "./shuffle.ts";

const HEADER_BYTES = 16;

/** Most bytes that a frame takes beyond those it holds: what would grow is stored as it is. */
export const BLOSC_OVERHEAD_BYTES = HEADER_BYTES;

const FORMAT_VERSION = 2;
const SHUFFLED = 1;
const STORED = 2;
const BIT_SHUFFLED = 4;
const UNSPLIT = 16;
const ZSTD = 4;

/** Uncompressed bytes per block: small enough for a cache, large enough to compress well. */
const BLOCK_BYTES = 2 ** 20;

const LEVEL_1 = { [constants.ZSTD_c_compressionLevel]: 1 };

/** Room that Zstandard asks for beyond its content. */
const LEAST_CHUNK_BYTES = 64;

/** Compresses elements of `size` bytes with byte shuffle and Zstandard level 1. Same bytes in, same bytes out. */
export function encodeBlosc(bytes: Uint8Array, size: number): Uint8Array {
  const blockBytes = Math.min(bytes.length, BLOCK_BYTES - (BLOCK_BYTES % size));
  const blocks = Array.from({ length: Math.ceil(bytes.length / blockBytes) || 0 }, (_, index) => {
    const plain = bytes.subarray(index * blockBytes, (index + 1) * blockBytes);
    const block = takeBytes(plain.length);
    shuffleInto(block, plain, size);
    // In one or two pieces: many have to be joined, and room for all that may come would pile up until it is collected.
    const packed = zstdCompressSync(block, { params: LEVEL_1, chunkSize: (block.length >> 1) + LEAST_CHUNK_BYTES });
    // A block as long as its content is taken as stored; shuffled all the same.
    if (packed.length >= block.length) return block;
    recycleMemory(block);
    return packed;
  });
  const packedBytes = blocks.reduce((sum, block) => sum + 8 + block.length, HEADER_BYTES);
  if (packedBytes >= HEADER_BYTES + bytes.length) return storedFrame(bytes, size, blockBytes);

  const frame = new Uint8Array(packedBytes);
  const view = writeHeader(frame, { flags: SHUFFLED | UNSPLIT, size, bytes: bytes.length, blockBytes });
  let offset = HEADER_BYTES + 4 * blocks.length;
  blocks.forEach((block, index) => {
    view.setUint32(HEADER_BYTES + 4 * index, offset, true);
    view.setUint32(offset, block.length, true);
    frame.set(block, offset + 4);
    offset += 4 + block.length;
  });
  return frame;
}

/**
 * Decompresses a frame; `undefined` if its inner codec or its shuffle is not among those done natively.
 *
 * @param limit bytes that the frame may hold at most
 * @throws {Error} if the frame is cut short, contradicts itself, or holds more
 */
export function decodeBlosc(frame: Uint8Array, limit = Infinity): Uint8Array | undefined {
  if (frame.length < HEADER_BYTES) throw new Error("the frame has no header");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const [flags, size] = [frame[2]!, frame[3]!];
  const [bytes, blockBytes, frameBytes] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number];
  if (frameBytes !== frame.length) {
    throw new Error(`the frame is ${frame.length} bytes long and should be ${frameBytes}`);
  }
  if (bytes > limit) throw new Error(`the frame says that it holds ${bytes} bytes, which is too much for its chunk`);
  if (flags & STORED) {
    if (frame.length < HEADER_BYTES + bytes) throw new Error("the frame is cut short");
    return frame.slice(HEADER_BYTES, HEADER_BYTES + bytes);
  }
  if (bytes === 0) return new Uint8Array(0);
  if (flags >> 5 !== ZSTD || flags & BIT_SHUFFLED || blockBytes === 0) return undefined;

  const plain = takeBytes(bytes);
  for (let index = 0; index * blockBytes < bytes; index++) {
    const length = Math.min(blockBytes, bytes - index * blockBytes);
    // c-blosc splits whole blocks of small elements into one stream per byte, unless told not to.
    const splits = flags & UNSPLIT || length < blockBytes ? 1 : size;
    const target = plain.subarray(index * blockBytes, index * blockBytes + length);
    const block = decodeBlock(frame, view, { offset: view.getUint32(HEADER_BYTES + 4 * index, true), length, splits });
    if (flags & SHUFFLED && size > 1) unshuffleInto(target, block, size);
    else target.set(block);
  }
  return plain;
}

function decodeBlock(
  frame: Uint8Array,
  view: DataView,
  { offset, length, splits }: { offset: number; length: number; splits: number },
): Uint8Array {
  const streamBytes = length / splits;
  const next = () => {
    const packedBytes = view.getUint32(offset, true);
    const packed = frame.subarray(offset + 4, offset + 4 + packedBytes);
    const limits = { maxOutputLength: streamBytes, chunkSize: streamBytes + LEAST_CHUNK_BYTES };
    const stream = packedBytes === streamBytes ? packed : zstdDecompressSync(packed, limits);
    if (packed.length !== packedBytes || stream.length !== streamBytes) throw new Error("a block is cut short");
    offset += 4 + packedBytes;
    return stream;
  };
  if (splits === 1) return next();
  const block = new Uint8Array(length);
  for (let filled = 0; filled < length; filled += streamBytes) block.set(next(), filled);
  return block;
}

function storedFrame(bytes: Uint8Array, size: number, blockBytes: number): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + bytes.length);
  writeHeader(frame, { flags: STORED, size, bytes: bytes.length, blockBytes });
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

function writeHeader(
  frame: Uint8Array,
  header: { flags: number; size: number; bytes: number; blockBytes: number },
): DataView {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  frame.set([FORMAT_VERSION, 1, header.flags | (ZSTD << 5), header.size]);
  view.setUint32(4, header.bytes, true);
  view.setUint32(8, header.blockBytes, true);
  view.setUint32(12, frame.length, true);
  return view;
}
