/** Quantiles of many values without sorting them, which takes ten times as long. */

/** Values are told apart by this many of their leading bits first, and sorted only among those that these do not tell apart. */
const BUCKET_BITS = 16;

/** Exponent of what is not finite. */
const NOT_FINITE = 0x7f800000;

/**
 * For each fraction the finite value with the rank `floor(fraction * (count - 1))` among all finite ones, counted from 0; none of
 * them where no value is finite.
 *
 * @param fractions from 0 to 1
 */
export function finiteQuantiles(values: Float32Array, fractions: readonly number[]): number[] {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const counts = new Uint32Array(2 ** BUCKET_BITS);
  let finite = 0;
  for (let index = 0; index < bits.length; index++) {
    if ((bits[index]! & NOT_FINITE) === NOT_FINITE) continue;
    counts[bucketOf(bits[index]!)]!++;
    finite++;
  }
  if (finite === 0) return [];
  return fractions.map((fraction) => {
    let [rank, bucket] = [Math.floor(fraction * (finite - 1)), 0];
    while (rank >= counts[bucket]!) rank -= counts[bucket++]!;
    return inBucket(values, bits, { bucket, count: counts[bucket]! }).sort()[rank]!;
  });
}

function inBucket(
  values: Float32Array,
  bits: Uint32Array,
  { bucket, count }: { readonly bucket: number; readonly count: number },
): Float32Array {
  const found = new Float32Array(count);
  for (let index = 0, at = 0; at < count; index++) {
    const isFinite = (bits[index]! & NOT_FINITE) !== NOT_FINITE;
    if (isFinite && bucketOf(bits[index]!) === bucket) found[at++] = values[index]!;
  }
  return found;
}

/** Rises with the float that has these bits: those of negative ones fall, and a sign is a bit. */
function bucketOf(bits: number): number {
  return (bits >>> 31 === 1 ? ~bits : bits ^ 0x80000000) >>> (32 - BUCKET_BITS);
}
