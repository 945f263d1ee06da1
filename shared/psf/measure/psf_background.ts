/** Level that a camera counts where no light is. */
import type { PsfVolume } from "../psf_volume.ts";

/** Level and standard deviation of a background. */
export interface Background {
  readonly level: number;
  readonly noise: number;
}

/**
 * Background of values among which brighter ones lie: values farther than 3 deviations from the median are dropped until none
 * is, then the level is the mean, or where light still skews the rest `2.5 median - 1.5 mean` (Bertin & Arnouts 1996).
 */
export function backgroundOf(values: ArrayLike<number>): Background {
  let kept = Float64Array.from(values).sort();
  for (;;) {
    const median = kept[kept.length >> 1];
    const { mean, noise } = moments(kept);
    let [first, end] = [0, kept.length];
    while (median - kept[first] > 3 * noise) first++;
    while (kept[end - 1] - median > 3 * noise) end--;
    if (end - first === kept.length) {
      const skewed = Math.abs(mean - median) > 0.02 * noise;
      return { level: skewed ? 2.5 * median - 1.5 * mean : mean, noise };
    }
    kept = kept.subarray(first, end);
  }
}

function moments(values: Float64Array): { mean: number; noise: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, noise: Math.sqrt(squares / values.length) };
}

/** The outermost layer of voxels; of a volume of one plane, the rim of the plane. */
export function borderValues({ shape, values }: PsfVolume): Float64Array {
  const [depth, height, width] = shape;
  const isEnd = (at: number, side: number) => side > 1 && (at === 0 || at === side - 1);
  return values.filter((_, index) => {
    const row = Math.floor(index / width);
    return isEnd(index % width, width) || isEnd(row % height, height) || isEnd(Math.floor(row / height), depth);
  });
}

/** Takes a level from every voxel; a new volume, which may hold negative values. */
export function withoutBackground({ shape, values }: PsfVolume, level: number): PsfVolume {
  return { shape, values: values.map((value) => value - level) };
}
