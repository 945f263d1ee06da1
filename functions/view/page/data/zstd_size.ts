/** Size of what Zstandard frames hold, told from their headers (RFC 8878, section 3.1) without decoding them. */

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** A block holds at most this, and so much in a frame that does not tell its size is taken for an attack. */
const BLOCK_BYTES = 128 * 1024;

/** Memory that a frame may ask for to be decoded: more is for archives. */
const MAX_WINDOW_BYTES = 128 * 2 ** 20;

/**
 * The most bytes that may come out of frames, one after the other: what they say, or a full block for each of theirs.
 *
 * @throws {Error} for what is no frame, is cut short, or needs more memory than any image has
 */
export function zstdSize(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size = 0;
  for (let at = 0; at < bytes.length;) {
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (magic !== FRAME) throw new Error("it is not Zstandard");
    const frame = readFrame(view, at + 4);
    if (frame.windowBytes > MAX_WINDOW_BYTES) throw new Error(`its window has ${frame.windowBytes} bytes`);
    size += frame.contentBytes ?? frame.blocks * BLOCK_BYTES;
    at = frame.end;
  }
  return size;
}

/** A frame from its descriptor to its end. */
function readFrame(view: DataView, descriptorAt: number) {
  const descriptor = view.getUint8(descriptorAt);
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = descriptorAt + (isSingle ? 1 : 2) + dictionaryBytes;
  const contentBytes = readSize(view, sizeAt, sizeBytes);
  const exponent = isSingle ? 0 : view.getUint8(descriptorAt + 1);
  const windowBase = 2 ** (10 + (exponent >> 3));
  const windowBytes = isSingle ? contentBytes! : windowBase + windowBase / 8 * (exponent & 7);
  const { at, blocks } = skipBlocks(view, sizeAt + sizeBytes);
  return { contentBytes, windowBytes, blocks, end: at + ((descriptor & 4) === 0 ? 0 : 4) };
}

function readSize(view: DataView, at: number, length: number): number | undefined {
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  if (length === 4) return view.getUint32(at, true);
  return length === 8 ? Number(view.getBigUint64(at, true)) : undefined;
}

function skipBlocks(view: DataView, first: number) {
  let [at, blocks, isLast] = [first, 0, false];
  while (!isLast) {
    const header = view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
    isLast = (header & 1) !== 0;
    const isRun = (header >> 1 & 3) === 1;
    at += 3 + (isRun ? 1 : header >> 3);
    blocks++;
  }
  if (at > view.byteLength) throw new Error("it is cut short");
  return { at, blocks };
}
