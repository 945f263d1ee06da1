/** Random picks that are spread evenly and the same on every run. */
import { threefry2x32 } from "./threefry.ts";

/** Tells these draws from others of the same seed. */
const PURPOSE = 0x5a3b;

/**
 * Picks `count` of the numbers from 0 to `total - 1`, one at random from each of `count` equal stretches, rising; all of them
 * if there are no more.
 *
 * @param stream tells picks of the same seed from each other
 */
export function stratifiedPicks(
  total: number,
  count: number,
  { seed, stream }: { seed: number; stream: number },
): number[] {
  if (total <= count) return Array.from({ length: total }, (_, index) => index);
  const random = new Uint32Array(2);
  return Array.from({ length: count }, (_, pick) => {
    threefry2x32([seed | 0, PURPOSE], [pick, stream], random);
    return Math.floor((pick + random[0]! / 2 ** 32) * (total / count));
  });
}
