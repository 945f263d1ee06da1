/** The Bessel function of the first kind and order 0, which the diffraction integrals are made of. */

/** Argument from which Hankel's expansion is exact to double precision: its smallest term falls below 1e-20. */
const HANKEL_FROM = 25;

/**
 * J0 of any real number, to about 1e-15: downward recurrence (Abramowitz & Stegun 9.12, example 1) below 25, Hankel's
 * asymptotic expansion (9.2.5) above.
 */
export function besselJ0(argument: number): number {
  const x = Math.abs(argument);
  if (x < 1e-8) return 1;
  return x < HANKEL_FROM ? byRecurrence(x) : byHankel(x);
}

/**
 * `J(k-1) = (2k/x) J(k) - J(k+1)` started where J is negligible, scaled so that `J0 + 2 (J2 + J4 + ...) = 1`.
 * Started far enough out (J of order x + 12 x^(1/3) + 18 is below 1e-17) the recurrence forgets what it was started with.
 */
function byRecurrence(x: number): number {
  const start = 2 * Math.ceil((x + 12 * Math.cbrt(x) + 18) / 2);
  const step = 2 / x;
  let above = 0;
  let value = 1e-280;
  let evenSum = value;
  for (let order = start; order > 0; order--) {
    const below = order * step * value - above;
    above = value;
    value = below;
    if (order % 2 === 1) evenSum += order === 1 ? value / 2 : value;
    if (Math.abs(value) > 1e200) {
      value *= 1e-200;
      above *= 1e-200;
      evenSum *= 1e-200;
    }
  }
  return value / (2 * evenSum);
}

/** `sqrt(2 / (pi x)) (P cos(x - pi/4) - Q sin(x - pi/4))`. */
function byHankel(x: number): number {
  let p = 0;
  let q = 0;
  let term = 1;
  for (let k = 0; k < 40 && Math.abs(term) > 1e-17; k++) {
    // Terms come in the order P, Q, P, Q and change sign every second time.
    if (k % 2 === 0) p += k % 4 === 0 ? term : -term;
    else q += k % 4 === 1 ? term : -term;
    term *= -((2 * k + 1) ** 2) / ((k + 1) * 8 * x);
  }
  // cos(x - pi/4) and sin(x - pi/4) without losing digits of x.
  const cos = (Math.cos(x) + Math.sin(x)) * Math.SQRT1_2;
  const sin = (Math.sin(x) - Math.cos(x)) * Math.SQRT1_2;
  return Math.sqrt(2 / (Math.PI * x)) * (p * cos - q * sin);
}
