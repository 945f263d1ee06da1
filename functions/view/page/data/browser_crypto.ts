/** The function of node:crypto that plans are named by, for browsers, whose own hashes answer later; the bundle takes this file in its place. */

/** The first 32 bits of the fractional parts of roots of the first primes: cube roots, and square roots of the first eight. */
const ROUND = Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const START = Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

/** A hash of all that it is given. */
interface Hash {
  update(text: string): Hash;
  digest(form: "hex"): string;
}

/** SHA-256 of text. */
export function createHash(algorithm: "sha256"): Hash {
  if (algorithm !== "sha256") throw new Error(`${algorithm} is not computed here`);
  let text = "";
  const hash: Hash = {
    update(more) {
      text += more;
      return hash;
    },
    digest: () => sha256(new TextEncoder().encode(text)).toHex(),
  };
  return hash;
}

/** The 32 bytes of the hash (FIPS 180-4). */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = START.slice();
  const whole = bytes.length >> 6 << 6;
  const blocks = new DataView(bytes.buffer, bytes.byteOffset, whole);
  for (let block = 0; block < whole; block += 64) compress(state, blocks, block);
  // What is left, a bit, zeros, and the number of bits.
  const rest = bytes.subarray(whole);
  const last = new DataView(new ArrayBuffer(rest.length < 56 ? 64 : 128));
  new Uint8Array(last.buffer).set(rest);
  last.setUint8(rest.length, 0x80);
  last.setBigUint64(last.byteLength - 8, 8n * BigInt(bytes.length));
  for (let block = 0; block < last.byteLength; block += 64) compress(state, last, block);
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => hash.setUint32(4 * index, word));
  return new Uint8Array(hash.buffer);
}

function compress(state: Uint32Array, data: DataView, block: number): void {
  const words = new Uint32Array(64);
  for (let t = 0; t < 16; t++) words[t] = data.getUint32(block + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [late, early] = [words[t - 2]!, words[t - 15]!];
    words[t] = (turned(late, 17) ^ turned(late, 19) ^ late >>> 10) + words[t - 7]! +
      (turned(early, 7) ^ turned(early, 18) ^ early >>> 3) + words[t - 16]!;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const one = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[t]! + words[t]! | 0;
    const two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, d + one | 0, c, b, a, one + two | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => state[index]! += word);
}

function turned(word: number, bits: number): number {
  return word >>> bits | word << 32 - bits;
}

function fraction(root: number): number {
  return (root - Math.floor(root)) * 2 ** 32;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number++) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
}
