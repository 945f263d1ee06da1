/**
 * Blosc 1 frames with byte shuffle and Zstandard, on the runtime's native Zstandard: several times faster than WASM builds of
 * c-blosc, and readable by every Zarr reader. Layout: c-blosc 1.21, README_CHUNK_FORMAT.rst. Frames of other inner codecs are
 * left to the caller.
 */
import { recycleMemory, takeBytes } from "../recycle_memory.ts";
import { shuffleInto, unshuffleInto } from "./shuffle.ts";
import { zstdBound, zstdCompressInto, zstdDecompressInto } from "./zstd.ts";

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

/** Compresses elements of `size` bytes with byte shuffle and Zstandard level 1. Same bytes in, same bytes out. */
export function encodeBlosc(bytes: Uint8Array, size: number): Uint8Array {
  const blockBytes = Math.min(bytes.length, BLOCK_BYTES - (BLOCK_BYTES % size));
  const count = Math.ceil(bytes.length / blockBytes) || 0;
  const frame = takeBytes(HEADER_BYTES + count * (8 + zstdBound(blockBytes)));
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
  const result = frame.slice(0, offset);
  recycleMemory(frame);
  return result;
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
  const room = takeBytes(Math.min(blockBytes, bytes));
  for (let index = 0; index * blockBytes < bytes; index++) {
    const length = Math.min(blockBytes, bytes - index * blockBytes);
    // c-blosc splits whole blocks of small elements into one stream per byte, unless told not to.
    const splits = flags & UNSPLIT || length < blockBytes ? 1 : size;
    const target = plain.subarray(index * blockBytes, index * blockBytes + length);
    const shuffled = flags & SHUFFLED && size > 1;
    const block = shuffled ? room.subarray(0, length) : target;
    decodeBlock(block, frame, { view, offset: view.getUint32(HEADER_BYTES + 4 * index, true), splits });
    if (shuffled) unshuffleInto(target, block, size);
  }
  recycleMemory(room);
  return plain;
}

function decodeBlock(
  block: Uint8Array,
  frame: Uint8Array,
  { view, offset, splits }: { view: DataView; offset: number; splits: number },
): void {
  const streamBytes = block.length / splits;
  for (let filled = 0; filled < block.length; filled += streamBytes) {
    const packedBytes = view.getUint32(offset, true);
    const packed = frame.subarray(offset + 4, offset + 4 + packedBytes);
    if (packed.length !== packedBytes) throw new Error("a block is cut short");
    const target = block.subarray(filled, filled + streamBytes);
    if (packedBytes === streamBytes) target.set(packed);
    else zstdDecompressInto(target, packed);
    offset += 4 + packedBytes;
  }
}
