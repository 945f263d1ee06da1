/**
 * Byte shuffle: all first bytes of the elements, then all second bytes, and so on; makes numbers compress better. Bytes after
 * the last whole element stay as they are. Elements of 2 and 4 bytes, which images are made of, go word by word: eight times as
 * fast as byte by byte.
 */

/** Shuffles `bytes` of elements of `size` bytes into `target`, which has their length and other memory. */
export function shuffleInto(target: Uint8Array, bytes: Uint8Array, size: number): void {
  if (inWords(target, bytes, size)) {
    const planes = planesOf(target, size);
    if (size === 2) split2(wordsOf(bytes), planes[0]!, planes[1]!);
    else split4(wordsOf(bytes), planes as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]);
    return;
  }
  const count = Math.floor(bytes.length / size);
  for (let byte = 0; byte < size; byte++) {
    const plane = byte * count;
    for (let index = 0, from = byte; index < count; index++, from += size) target[plane + index] = bytes[from]!;
  }
  target.set(bytes.subarray(count * size), count * size);
}

/** The inverse of {@link shuffleInto}. */
export function unshuffleInto(target: Uint8Array, bytes: Uint8Array, size: number): void {
  if (inWords(target, bytes, size)) {
    const planes = planesOf(bytes, size);
    if (size === 2) join2(wordsOf(target), planes[0]!, planes[1]!);
    else join4(wordsOf(target), planes as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]);
    return;
  }
  const count = Math.floor(bytes.length / size);
  for (let byte = 0; byte < size; byte++) {
    const plane = byte * count;
    for (let index = 0, to = byte; index < count; index++, to += size) target[to] = bytes[plane + index]!;
  }
  target.set(bytes.subarray(count * size), count * size);
}

/** True if every plane begins at a word, here and there. */
function inWords(target: Uint8Array, bytes: Uint8Array, size: number): boolean {
  return (size === 2 || size === 4) && bytes.length % (4 * size) === 0 &&
    bytes.byteOffset % 4 === 0 && target.byteOffset % 4 === 0;
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length / 4);
}

function planesOf({ buffer, byteOffset, length }: Uint8Array, size: number): Uint32Array[] {
  const planeBytes = length / size;
  return Array.from(
    { length: size },
    (_, byte) => new Uint32Array(buffer, byteOffset + byte * planeBytes, planeBytes / 4),
  );
}

const EVEN = 0x00ff00ff;
const ODD = 0xff00ff00;
const LOW = 0x0000ffff;
const HIGH = 0xffff0000;

function split2(elements: Uint32Array, first: Uint32Array, second: Uint32Array): void {
  for (let word = 0, at = 0; word < first.length; word++, at += 2) {
    const [p, q] = [elements[at]!, elements[at + 1]!];
    first[word] = (p & 0xff) | ((p >>> 8) & 0xff00) | ((q & 0xff) << 16) | ((q & 0xff0000) << 8);
    second[word] = ((p >>> 8) & 0xff) | ((p >>> 16) & 0xff00) | ((q & 0xff00) << 8) | (q & 0xff000000);
  }
}

function join2(elements: Uint32Array, first: Uint32Array, second: Uint32Array): void {
  for (let word = 0, at = 0; word < first.length; word++, at += 2) {
    const [p, q] = [first[word]!, second[word]!];
    elements[at] = (p & 0xff) | ((q & 0xff) << 8) | ((p & 0xff00) << 8) | ((q & 0xff00) << 16);
    elements[at + 1] = ((p >>> 16) & 0xff) | ((q >>> 8) & 0xff00) | ((p >>> 8) & 0xff0000) | (q & 0xff000000);
  }
}

/** Transposes 4 x 4 bytes at a time: pairs of bytes within words, then pairs of words. */
function split4(elements: Uint32Array, [a, b, c, d]: [Uint32Array, Uint32Array, Uint32Array, Uint32Array]): void {
  for (let word = 0, at = 0; word < a.length; word++, at += 4) {
    const [p, q, r, s] = [elements[at]!, elements[at + 1]!, elements[at + 2]!, elements[at + 3]!];
    const [prLow, prHigh] = [(p & LOW) | (r << 16), (p >>> 16) | (r & HIGH)];
    const [qsLow, qsHigh] = [(q & LOW) | (s << 16), (q >>> 16) | (s & HIGH)];
    a[word] = (prLow & EVEN) | ((qsLow & EVEN) << 8);
    b[word] = ((prLow >>> 8) & EVEN) | (qsLow & ODD);
    c[word] = (prHigh & EVEN) | ((qsHigh & EVEN) << 8);
    d[word] = ((prHigh >>> 8) & EVEN) | (qsHigh & ODD);
  }
}

function join4(elements: Uint32Array, [a, b, c, d]: [Uint32Array, Uint32Array, Uint32Array, Uint32Array]): void {
  for (let word = 0, at = 0; word < a.length; word++, at += 4) {
    const [p, q, r, s] = [a[word]!, b[word]!, c[word]!, d[word]!];
    const [pqEven, pqOdd] = [(p & EVEN) | ((q & EVEN) << 8), ((p >>> 8) & EVEN) | (q & ODD)];
    const [rsEven, rsOdd] = [(r & EVEN) | ((s & EVEN) << 8), ((r >>> 8) & EVEN) | (s & ODD)];
    elements[at] = (pqEven & LOW) | (rsEven << 16);
    elements[at + 1] = (pqOdd & LOW) | (rsOdd << 16);
    elements[at + 2] = (pqEven >>> 16) | (rsEven & HIGH);
    elements[at + 3] = (pqOdd >>> 16) | (rsOdd & HIGH);
  }
}
