/**
 * Roots of unity for the device, from float64: WGSL's own sine and cosine promise only 11 bits.
 */

/** `exp(-2 pi sqrt(-1) k / length)` for k below `length`, real and imaginary parts interleaved. */
export function twiddleTable(length: number): Float32Array<ArrayBuffer> {
  const table = new Float32Array(2 * length);
  for (let k = 0; k < length; k++) {
    const angle = (-2 * Math.PI * k) / length;
    table[2 * k] = Math.cos(angle);
    table[2 * k + 1] = Math.sin(angle);
  }
  return table;
}
