import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { besselJ0 } from "shared/psf/generate/bessel.ts";
import { erf, erfBetween } from "shared/psf/generate/erf.ts";
import { gaussLegendre, nodesForAverage } from "shared/psf/generate/gauss_legendre.ts";
import { lagrangeAt } from "shared/psf/lagrange.ts";
import { besselByIntegral, simpson } from "./diffraction_reference.ts";

Deno.test("J0 equals its integral from 0 to 200, across the change of method", () => {
  for (const x of [0, 1e-9, 1e-3, 0.5, 2.404825557695773, 7, 15.5, 24.999, 25.001, 60, 199.5]) {
    // 400 cosines of rounding 1e-16 each, whose argument up to 200 is itself rounded to 2e-14.
    assertAlmostEquals(besselJ0(x), besselByIntegral(0, x), 1e-14, `J0(${x})`);
    assertEquals(besselJ0(-x), besselJ0(x));
  }
});

Deno.test("erf equals its integral and is odd", () => {
  for (const x of [0.1, 0.7, 1.9, 2.4999, 2.5001, 4]) {
    const integral = simpson((t) => 2 / Math.sqrt(Math.PI) * Math.exp(-t * t), 0, x, 4000);
    // Simpson: (x / 4000)^4 / 180 * x * max|f''''| (12 * 1.13) is 3e-13 at x = 4.
    assertAlmostEquals(erf(x), integral, 5e-13, `erf(${x})`);
    assertEquals(erf(-x), -erf(x));
  }
});

Deno.test("differences of erf keep their digits in both tails", () => {
  // erfc(6) = 2.1519736712498913e-17 (tabulated); 1 - erf(6) is 0 in doubles.
  assertAlmostEquals(erfBetween(6, 40) / 2.1519736712498913e-17, 1, 1e-13);
  assertAlmostEquals(erfBetween(-40, -6) / 2.1519736712498913e-17, 1, 1e-13);
  assertAlmostEquals(erfBetween(-1, 1), 2 * erf(1), 1e-15);
});

Deno.test("Gauss-Legendre rules integrate every power up to twice their nodes less one", () => {
  for (const count of [1, 2, 5, 16, 65, 300]) {
    const { nodes, weights } = gaussLegendre(count);
    for (const power of [0, 1, 2, count, 2 * count - 1, 2 * count - 2].filter((p) => p <= 2 * count - 1)) {
      const sum = nodes.reduce((total, node, i) => total + weights[i]! * node ** power, 0);
      // Rounding only: count terms of at most 1e-16, with nodes good to 1e-16 raised to the power.
      assertAlmostEquals(sum, power % 2 === 0 ? 2 / (power + 1) : 0, 1e-14 + 2e-16 * power, `${count}, x^${power}`);
    }
  }
});

Deno.test("averages are met for every oscillation up to the bandwidth they are made for", () => {
  for (const width of [0, 0.02, 0.3, 1, 2.5]) {
    const bandwidth = 12;
    const { nodes, weights } = nodesForAverage(bandwidth, width, 1e-7);
    for (let frequency = 0; frequency <= bandwidth; frequency += 0.37) {
      const half = frequency * width / 2;
      const mean = nodes.reduce((sum, node, i) => sum + weights[i]! / 2 * Math.cos(half * node), 0);
      // Asked for 1e-7 at the bandwidth, where the error is largest.
      assertAlmostEquals(mean, half === 0 ? 1 : Math.sin(half) / half, 1e-7);
    }
  }
});

Deno.test("interpolation is exact for polynomials of degree 5", () => {
  const f = (x: number) => 1 - x + 0.3 * x ** 2 - 0.05 * x ** 3 + 0.01 * x ** 4 - 0.001 * x ** 5;
  const line = Float64Array.from({ length: 12 }, (_, i) => f(i));
  for (const x of [2, 2.25, 5.5, 8.99]) assertAlmostEquals(lagrangeAt(line, x), f(x), 1e-12);
  assert(lagrangeAt(line, -10) === 0);
});
