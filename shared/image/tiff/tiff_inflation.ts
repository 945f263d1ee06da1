/**
 * Bytes that a strip or tile decodes to, told without decoding it: the TIFF library decodes what is rare into lists that grow as
 * long as the data say, and a few bytes can say a thousand times as much.
 */

/** Largest code of LZW, and those that are no strings. */
const [MAX_CODES, CLEAR, END] = [4096, 256, 257];

const COUNTERS: Readonly<Record<number, (stored: Uint8Array, most: number) => number>> = {
  5: lzwBytes,
  6: jpegBytes,
  7: jpegBytes,
  32773: packBitsBytes,
};

/** @throws {Error} for what decodes to more than `maxBytes`; no others than these are decoded here */
export function assertInflatesTo(maxBytes: number, stored: Uint8Array, compression: number): void {
  const bytes = COUNTERS[compression]?.(stored, maxBytes) ?? 0;
  if (bytes > maxBytes) {
    throw new Error(`a strip or tile decodes to ${bytes} bytes or more, where ${maxBytes} are the most`);
  }
}

function lzwBytes(stored: Uint8Array, most: number): number {
  return walkLzw(stored, most).total;
}

/**
 * Codes of LZW that end in the code for the end, which some writers leave out: the TIFF library then writes a complaint to the console
 * and decodes the same.
 *
 * @returns the codes themselves where nothing is missing
 */
export function endedLzw(stored: Uint8Array): Uint8Array {
  const { position, width, ended } = walkLzw(stored, Infinity);
  if (ended) return stored;
  const whole = new Uint8Array((position + width + 7 >> 3) + 1);
  whole.set(stored.subarray(0, whole.length));
  for (let bit = 0; bit < width; bit++) {
    if (END >> (width - 1 - bit) & 1) whole[position + bit >> 3]! |= 0x80 >> (position + bit & 7);
  }
  return whole;
}

/** Where codes of LZW end, and what they decode to. */
interface LzwWalk {
  /** Bytes of all strings, as far as the walk went. */
  readonly total: number;
  /** Bit at which the next code would begin, and how many bits it would have. */
  readonly position: number;
  readonly width: number;
  /** True where the codes say that they end, or no more of them can be decoded. */
  readonly ended: boolean;
}

/** Lengths of the strings of TIFF 6.0's LZW alone; stops beyond `most` bytes. */
function walkLzw(stored: Uint8Array, most: number): LzwWalk {
  const lengths = new Uint32Array(MAX_CODES).fill(1);
  let [next, width, position, total, old] = [END + 1, 9, 0, 0, -1];
  while (total <= most && position >> 3 < stored.length) {
    const at = position >> 3;
    const bits = (stored[at]! << 16) | ((stored[at + 1] ?? 0) << 8) | (stored[at + 2] ?? 0);
    const code = (bits >> (24 - width - (position & 7))) & ((1 << width) - 1);
    position += width;
    if (code === END) return { total, position, width, ended: true };
    if (code === CLEAR) {
      [next, width, old] = [END + 1, 9, -1];
      continue;
    }
    if (code >= next && old < 0) return { total, position, width, ended: true };
    total += code < next ? lengths[code]! : lengths[old]! + 1;
    if (old >= 0) lengths[next++] = lengths[old]! + 1;
    old = code;
    // A bit more one code early; a full table is not added to.
    if (next + 1 < 1 << width) continue;
    if (width === 12) old = -1;
    else width++;
  }
  return { total, position, width, ended: false };
}

/** Sum of the runs. */
function packBitsBytes(stored: Uint8Array): number {
  let total = 0;
  for (let at = 0; at < stored.length;) {
    const head = stored[at]!;
    if (head > 128) total += 257 - head;
    else if (head < 128) total += head + 1;
    at += head < 128 ? head + 2 : head > 128 ? 2 : 1;
  }
  return total;
}

/** Markers of JPEG without a length behind them: stuffed bytes, restarts, the start of the image. */
const BARE = (marker: number) => marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const JPEG_END = 0xd9;

/**
 * Sides and components that the frame states, of which a decoder makes room before it looks at the rest. It makes room for each
 * frame, and then complains of all but the first to the console, so that several are none that a TIFF may have.
 *
 * @throws {Error} for several frames
 */
function jpegBytes(stored: Uint8Array): number {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const frames: number[] = [];
  for (let at = stored.indexOf(0xff); at >= 0 && at + 4 <= stored.length; at = stored.indexOf(0xff, at)) {
    const marker = stored[at + 1]!;
    if (marker === JPEG_END) break;
    // Fill bytes may stand before a marker, coded data between two.
    if (marker === 0xff || BARE(marker)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && at + 10 <= stored.length) {
      frames.push(view.getUint16(at + 5) * view.getUint16(at + 7) * view.getUint8(at + 9));
    }
    at += 2 + view.getUint16(at + 2);
  }
  if (frames.length > 1) throw new Error(`a strip or tile is a JPEG of ${frames.length} frames, where one is the most`);
  return frames[0] ?? 0;
}
