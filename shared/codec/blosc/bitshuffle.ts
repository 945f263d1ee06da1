/**
 * Bit shuffle as Blosc has it: all lowest bits of the elements' first bytes, then all second bits, and so on, eight elements to a
 * byte.
 */

/** Undoes the shuffle of `bytes` of elements of `size` bytes into `target`, which has their length and other memory. */
export function bitUnshuffleInto(target: Uint8Array, bytes: Uint8Array, size: number): void {
  const count = Math.floor(bytes.length / size);
  // Blosc leaves a block as it is if its elements do not fill whole bytes.
  const shuffledBytes = count % 8 === 0 ? count * size : 0;
  target.set(bytes.subarray(shuffledBytes), shuffledBytes);
  if (shuffledBytes === 0) return;
  const planeBytes = count / 8;
  for (let byte = 0; byte < size; byte++) {
    const planes = bytes.subarray(8 * byte * planeBytes, 8 * (byte + 1) * planeBytes);
    for (let group = 0, to = byte; group < planeBytes; group++, to += 8 * size) {
      transposeBits(target, to, size, planes, group, planeBytes);
    }
  }
}

/**
 * Makes 8 bytes, `stride` apart, of the bits of 8 others: bit i of the j-th is bit j of the i-th (Warren, Hacker's Delight, 7-3: by
 * exchanging bits, then pairs, then halves of bytes).
 */
function transposeBits(
  target: Uint8Array,
  to: number,
  stride: number,
  planes: Uint8Array,
  from: number,
  planeBytes: number,
): void {
  let low = 0;
  let high = 0;
  for (let plane = 0; plane < 4; plane++) {
    low |= planes[from + plane * planeBytes]! << (8 * plane);
    high |= planes[from + (plane + 4) * planeBytes]! << (8 * plane);
  }
  low = exchangeWithin(low);
  high = exchangeWithin(high);
  const halves = (low ^ (high << 4)) & 0xf0f0f0f0;
  low ^= halves;
  high ^= halves >>> 4;
  for (let element = 0; element < 4; element++) {
    target[to + element * stride] = low >>> (8 * element);
    target[to + (element + 4) * stride] = high >>> (8 * element);
  }
}

function exchangeWithin(word: number): number {
  const bits = (word ^ (word >>> 7)) & 0x00aa00aa;
  word ^= bits ^ (bits << 7);
  const pairs = (word ^ (word >>> 14)) & 0x0000cccc;
  return word ^ pairs ^ (pairs << 14);
}
