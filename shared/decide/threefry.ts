/**
 * Random numbers without a state: a keyed scrambling of a counter, so that the draw of a voxel is the same wherever and
 * whenever it is made.
 */

/** Rotations of the eight rounds that repeat (Salmon et al., SC11, Table 2). */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11).
 *
 * @param key two 32-bit words: which sequence
 * @param counter two 32-bit words: which draw
 * @param output receives 64 random bits as two unsigned 32-bit words
 */
export function threefry2x32(
  key: readonly [number, number],
  counter: readonly [number, number],
  output: Uint32Array,
): void {
  const [k0, k1] = key;
  const k2 = k0 ^ k1 ^ 0x1bd11bda;
  let a = (counter[0] + k0) | 0;
  let b = (counter[1] + k1) | 0;
  for (let group = 0; group < 5; group++) {
    const first = (group % 2) * 4;
    for (let round = first; round < first + 4; round++) {
      a = (a + b) | 0;
      b = (b << ROTATIONS[round]!) | (b >>> (32 - ROTATIONS[round]!));
      b ^= a;
    }
    const injected = group + 1;
    a = (a + (injected % 3 === 0 ? k0 : injected % 3 === 1 ? k1 : k2)) | 0;
    b = (b + ((injected + 1) % 3 === 0 ? k0 : (injected + 1) % 3 === 1 ? k1 : k2) + injected) | 0;
  }
  output[0] = a;
  output[1] = b;
}
