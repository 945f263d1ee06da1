/** Distance of a restoration from the truth. */

/**
 * Peak signal-to-noise ratio in decibels: `20 log10(max(truth) / rms(a * image - truth))` with the factor `a` that fits best in
 * the sense of least squares, so that only the picture counts and not its brightness.
 *
 * @param image as many values as `truth`, not all 0
 */
export function peakSignalToNoise(image: ArrayLike<number>, truth: ArrayLike<number>): number {
  let peak = 0, cross = 0, square = 0, truthSquare = 0;
  for (let index = 0; index < truth.length; index++) {
    const [value, wanted] = [image[index], truth[index]];
    peak = Math.max(peak, wanted);
    cross += value * wanted;
    square += value * value;
    truthSquare += wanted * wanted;
  }
  // The least sum of squared differences, which a = cross / square gives.
  const residual = truthSquare - cross * cross / square;
  return 10 * Math.log10(peak * peak * truth.length / residual);
}
