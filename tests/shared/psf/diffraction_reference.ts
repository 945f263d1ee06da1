/** Diffraction by its textbook definitions and plain sums, sharing nothing with what it checks. */

/** Bessel function of whole order by its integral; the midpoint rule of a periodic function converges exponentially. */
export function besselByIntegral(order: number, x: number): number {
  const SAMPLES = 400;
  let sum = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const t = Math.PI * (i + 0.5) / SAMPLES;
    sum += Math.cos(order * t - x * Math.sin(t));
  }
  return sum / SAMPLES;
}

/** The Airy pattern `(2 J1(v) / v)^2`. */
export function airy(v: number): number {
  return v === 0 ? 1 : (2 * besselByIntegral(1, v) / v) ** 2;
}

/** Simpson's rule with `panels` (even) panels. */
export function simpson(f: (x: number) => number, low: number, high: number, panels: number): number {
  const width = (high - low) / panels;
  let sum = f(low) + f(high);
  for (let i = 1; i < panels; i++) sum += f(low + i * width) * (i % 2 === 1 ? 4 : 2);
  return sum * width / 3;
}

/** `|2 integral of J0(k NA r rho) exp(i phase(rho)) rho d rho|^2` over the pupil `rho` from 0 to 1. */
export function pupilIntensity(kNaR: number, phase: (rho: number) => number, panels = 800): number {
  const part = (turn: (angle: number) => number) =>
    simpson((rho) => 2 * besselByIntegral(0, kNaR * rho) * turn(phase(rho)) * rho, 0, 1, panels);
  return part(Math.cos) ** 2 + part(Math.sin) ** 2;
}
