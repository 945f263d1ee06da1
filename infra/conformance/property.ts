/** Demands of the conformance suite, as numbers that must not exceed a limit. */
import type { Subject } from "./subject.ts";

/** One line of the table. */
export interface Property {
  /** A sentence that is true of a right implementation. */
  readonly name: string;
  /** Measurement, and the source of the limit. */
  readonly how: string;
  /** Of the figure. */
  readonly unit: string;
  readonly limit: number;
  /** Computes the figure; NaN fails, as does an error. */
  measure(subject: Subject): Promise<number>;
}

/** Largest difference between two volumes, as a fraction of the maximum of the second; infinite if not all are finite. */
export function differenceOfPeak(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new Error(`${actual.length} values came back where ${expected.length} were given`);
  }
  let [worst, peak] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!Number.isFinite(difference)) return Infinity;
    worst = Math.max(worst, difference);
    peak = Math.max(peak, expected[i]);
  }
  return worst / peak;
}

export function sumOf(values: ArrayLike<number>): number {
  return Array.prototype.reduce.call(values, (total, value) => (total as number) + (value as number), 0) as number;
}
