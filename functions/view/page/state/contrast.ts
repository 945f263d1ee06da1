/** Contrast: the values that are shown as black and as full color, and how often values occur. */

/** Values between which a channel is shown. */
export interface Contrast {
  /** Shown as black. */
  readonly start: number;
  /** Shown as full color. */
  readonly end: number;
}

/** How often values occur, in bins of one width from `low` to `high`. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Uint32Array;
}

/** Values of a tile. */
type Values = Uint8Array | Uint16Array | Float32Array;

/** Bins that percentiles are taken from. */
const FINE_BINS = 4096;

/** Black and full color: a dark background, and what only the brightest thousandth exceeds, as outputs have it. */
const START_QUANTILE = 0.01;
const END_QUANTILE = 0.999;

/** Counts values; those that are not finite have no say. Of values that all are the same, the range is 1 wide. */
export function histogramOf(parts: readonly Values[], bins: number): Histogram | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const values of parts) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  if (low > high) return undefined;
  if (low === high) high = low + 1;
  const counts = new Uint32Array(bins);
  const perValue = bins / (high - low);
  for (const values of parts) {
    for (let index = 0; index < values.length; index++) {
      const bin = Math.floor((values[index]! - low) * perValue);
      // NaN and infinite values have no bin.
      if (bin >= 0 && bin < bins) counts[bin]!++;
      else if (bin === bins) counts[bins - 1]!++;
    }
  }
  return { low, high, counts };
}

/** Contrast out of what is shown: all but the darkest hundredth and the brightest thousandth. */
export function autoContrast(parts: readonly Values[]): Contrast | undefined {
  const histogram = histogramOf(parts, FINE_BINS);
  if (histogram === undefined) return undefined;
  const { low, high, counts } = histogram;
  const width = (high - low) / FINE_BINS;
  const start = low + width * quantileBin(counts, START_QUANTILE);
  const end = low + width * (quantileBin(counts, END_QUANTILE) + 1);
  return end > start ? { start, end } : { start: low, end: high };
}

/** The bin that holds a fraction of all values, from the least. */
function quantileBin(counts: Uint32Array, fraction: number): number {
  const wanted = fraction * counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    sum += counts[bin]!;
    if (sum > wanted) return bin;
  }
  return counts.length - 1;
}

/** The least contrast that holds all of several. */
export function unionContrast(all: readonly (Contrast | undefined)[]): Contrast | undefined {
  const known = all.filter((one) => one !== undefined);
  if (known.length === 0) return undefined;
  return {
    start: Math.min(...known.map(({ start }) => start)),
    end: Math.max(...known.map(({ end }) => end)),
  };
}
