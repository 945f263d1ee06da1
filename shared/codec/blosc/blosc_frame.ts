/**
 * Blosc 1 frames: written with byte shuffle and Zstandard, which every Zarr reader reads, and read with every codec and shuffle
 * that c-blosc has. Layout: c-blosc 1.21, README_CHUNK_FORMAT.rst. Builds of c-blosc for WASM are slower, and the one of npm does
 * not look at what c-blosc returns: of a damaged frame it gives what was in memory before, which are the voxels of another chunk.
 */
import { recycleMemory, takeBytes } from "shared/process/recycle_memory.ts";
import { bitUnshuffleInto } from "./bitshuffle.ts";
import { BLOSC_CODECS, type DecompressInto } from "./blosc_codecs.ts";
import { shuffleInto, unshuffleInto } from "./shuffle.ts";
import { zstdBound, zstdCompressInto } from "../zstd.ts";

const HEADER_BYTES = 16;

/** Most bytes that a frame takes beyond those it holds: what would grow is stored as it is. */
export const BLOSC_OVERHEAD_BYTES = HEADER_BYTES;

const FORMAT_VERSION = 2;
const SHUFFLED = 1;
const STORED = 2;
const BIT_SHUFFLED = 4;
const UNSPLIT = 16;
const ZSTD = 4;

/** Blocks are split for elements up to so many bytes, into streams of no less than so many. */
const [MAX_SPLITS, MIN_SPLIT_BYTES] = [16, 128];

/** Uncompressed bytes per block: small enough for a cache, large enough to compress well. */
const BLOCK_BYTES = 2 ** 20;

/** Compresses elements of `size` bytes with byte shuffle and Zstandard level 1. Same bytes in, same bytes out. */
export function encodeBlosc(bytes: Uint8Array, size: number): Uint8Array {
  const room = takeBytes(bloscBound(bytes.length, size));
  const frame = encodeBloscInto(room, bytes, size);
  const result = takeBytes(frame.length);
  result.set(frame);
  recycleMemory(room);
  return result;
}

function blocksOf(bytes: number, size: number): { readonly blockBytes: number; readonly count: number } {
  const blockBytes = Math.min(bytes, BLOCK_BYTES - (BLOCK_BYTES % size));
  return { blockBytes, count: Math.ceil(bytes / blockBytes) || 0 };
}

/** Room that {@link encodeBloscInto} needs for so many bytes of elements of `size` bytes. */
export function bloscBound(bytes: number, size: number): number {
  const { blockBytes, count } = blocksOf(bytes, size);
  return HEADER_BYTES + Math.max(bytes, count * (8 + zstdBound(blockBytes)));
}

/** As {@link encodeBlosc}, into room for {@link bloscBound} bytes, of which those that are filled are returned. */
export function encodeBloscInto(frame: Uint8Array, bytes: Uint8Array, size: number): Uint8Array {
  const { blockBytes, count } = blocksOf(bytes.length, size);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const shuffled = takeBytes(blockBytes);
  let offset = HEADER_BYTES + 4 * count;
  for (let index = 0; index < count; index++) {
    const plain = bytes.subarray(index * blockBytes, (index + 1) * blockBytes);
    const block = shuffled.subarray(0, plain.length);
    shuffleInto(block, plain, size);
    const packedBytes = zstdCompressInto(frame.subarray(offset + 4), block);
    // A block as long as its content is taken as stored; shuffled all the same.
    const kept = Math.min(packedBytes, block.length);
    if (kept === block.length) frame.set(block, offset + 4);
    view.setUint32(HEADER_BYTES + 4 * index, offset, true);
    view.setUint32(offset, kept, true);
    offset += 4 + kept;
  }
  recycleMemory(shuffled);
  const grown = offset >= HEADER_BYTES + bytes.length;
  if (grown) {
    frame.set(bytes, HEADER_BYTES);
    offset = HEADER_BYTES + bytes.length;
  }
  const flags = grown ? STORED : SHUFFLED | UNSPLIT;
  frame.set([FORMAT_VERSION, 1, flags | (ZSTD << 5), size]);
  [bytes.length, blockBytes, offset].forEach((value, index) => view.setUint32(4 + 4 * index, value, true));
  return frame.subarray(0, offset);
}

/**
 * Decompresses a frame.
 *
 * @param limit bytes that the frame may hold at most
 * @throws {Error} if the frame is cut short, contradicts itself, or holds more
 */
export function decodeBlosc(frame: Uint8Array, limit = Infinity): Uint8Array {
  if (frame.length < HEADER_BYTES) throw new Error("the frame has no header");
  if (frame[0] !== FORMAT_VERSION) throw new Error(`the frame is of version ${frame[0]} of Blosc's format, not 2`);
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
  const decompressInto = BLOSC_CODECS[flags >> 5];
  if (decompressInto === undefined) throw new Error(`the frame uses codec ${flags >> 5} of Blosc, which is not known`);
  if (blockBytes === 0 || size === 0) throw new Error("the frame has blocks or elements of no bytes");
  const unshuffle = flags & BIT_SHUFFLED ? bitUnshuffleInto : flags & SHUFFLED && size > 1 ? unshuffleInto : undefined;

  const plain = takeBytes(bytes);
  const room = takeBytes(Math.min(blockBytes, bytes));
  for (let index = 0; index * blockBytes < bytes; index++) {
    const length = Math.min(blockBytes, bytes - index * blockBytes);
    // c-blosc splits whole blocks of small elements into one stream per byte, unless told not to.
    const whole = flags & UNSPLIT || length < blockBytes || size > MAX_SPLITS || blockBytes / size < MIN_SPLIT_BYTES;
    const splits = whole ? 1 : size;
    const target = plain.subarray(index * blockBytes, index * blockBytes + length);
    const block = unshuffle === undefined ? target : room.subarray(0, length);
    decodeBlock(block, frame, { view, offset: view.getUint32(HEADER_BYTES + 4 * index, true), splits, decompressInto });
    unshuffle?.(target, block, size);
  }
  recycleMemory(room);
  return plain;
}

interface BlockPlace {
  readonly view: DataView;
  readonly offset: number;
  /** Streams that the block is stored in. */
  readonly splits: number;
  readonly decompressInto: DecompressInto;
}

function decodeBlock(
  block: Uint8Array,
  frame: Uint8Array,
  { view, offset, splits, decompressInto }: BlockPlace,
): void {
  const streamBytes = block.length / splits;
  if (!Number.isInteger(streamBytes)) throw new Error("a block is not of whole elements");
  for (let filled = 0; filled < block.length; filled += streamBytes) {
    const packedBytes = view.getUint32(offset, true);
    const packed = frame.subarray(offset + 4, offset + 4 + packedBytes);
    if (packed.length !== packedBytes) throw new Error("a block is cut short");
    const target = block.subarray(filled, filled + streamBytes);
    if (packedBytes === streamBytes) target.set(packed);
    else decompressInto(target, packed);
    offset += 4 + packedBytes;
  }
}
