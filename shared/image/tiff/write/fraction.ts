/** Fractions of 32-bit numbers, as TIFF stores resolutions. */
import type { Fraction } from "./layout.ts";

const MAX = 2 ** 32 - 1;

/** Convergents nearer than this are what a decimal number was meant to be. */
const EXACT = 1e-12;

/** The simplest fraction within 1e-12 of a positive number, else the nearest by its continued fraction that fits. */
export function fractionOf(value: number): Fraction {
  let [before, current]: [Fraction, Fraction] = [[0, 1], [1, 0]];
  for (let rest = value;;) {
    const whole = Math.floor(rest);
    const next: Fraction = [whole * current[0] + before[0], whole * current[1] + before[1]];
    if (next[0] > MAX || next[1] > MAX) return current[1] === 0 ? [MAX, 1] : current[0] === 0 ? [1, MAX] : current;
    [before, current] = [current, next];
    if (Math.abs(current[0] / current[1] - value) <= EXACT * value) return current;
    rest = 1 / (rest - whole);
  }
}
