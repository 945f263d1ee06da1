/** The function of node:crypto that plans are named by, for browsers, whose own hashes answer later; the bundle takes this file in its place. */

/** The first 32 bits of the fractional parts of roots of the first primes: cube roots, and square roots of the first eight. */
const ROUND = Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const START = Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

/** A hash of all that it is given. */
interface Hash {
  update(text: string): Hash;
  digest(form: "hex"): string;
}

/** SHA-256 (FIPS 180-4) of text. */
export function createHash(algorithm: "sha256"): Hash {
  if (algorithm !== "sha256") throw new Error(`${algorithm} is not computed here`);
  let text = "";
  const hash: Hash = {
    update(more) {
      text += more;
      return hash;
    },
    digest: () => sha256(new TextEncoder().encode(text)),
  };
  return hash;
}

function sha256(bytes: Uint8Array): string {
  const padded = new DataView(new ArrayBuffer((bytes.length + 72 >> 6) * 64));
  new Uint8Array(padded.buffer).set(bytes);
  padded.setUint8(bytes.length, 0x80);
  padded.setBigUint64(padded.byteLength - 8, 8n * BigInt(bytes.length));
  const state = START.slice();
  for (let block = 0; block < padded.byteLength; block += 64) compress(state, padded, block);
  return [...state].map((word) => word.toString(16).padStart(8, "0")).join("");
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
