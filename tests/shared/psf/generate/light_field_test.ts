import { assert, assertAlmostEquals } from "@std/assert";
import { lightField } from "shared/psf/generate/light_field.ts";
import { brightestDepth, inLightSheet, productOf, throughPinhole, wideField } from "shared/psf/generate/light_model.ts";
import { type Layers, layersOf, type Objective } from "shared/psf/generate/optics.ts";
import { bornWolfPupil, gibsonLanniPupil, type Pupil } from "shared/psf/generate/pupil.ts";
import { airy, besselByIntegral, pupilIntensity, simpson } from "../diffraction_reference.ts";

const OIL: Objective = { na: 1.4, wavelengthMicrometre: 0.52, immersionIndex: 1.515 };
const DRY: Objective = { na: 0.1, wavelengthMicrometre: 0.5, immersionIndex: 1 };
const RADII = Float64Array.of(0, 0.05, 0.2, 0.61, 1.7, 4);

/** Twice the amplitude's tolerance of 1e-10 that light_field.ts converges to, with room for rounding. */
const TOLERANCE = 5e-10;

function intensity(pupil: Pupil, radii: Float64Array, depth: number): Float64Array {
  return lightField(pupil, { radii, depths: [Math.min(0, depth), Math.max(0, depth)] }).at(Float64Array.of(depth));
}

Deno.test("Born-Wolf light in focus is the Airy pattern", () => {
  const found = intensity(bornWolfPupil(OIL), RADII, 0);
  RADII.forEach((r, i) => {
    assertAlmostEquals(found[i]!, airy(2 * Math.PI / 0.52 * 1.4 * r), TOLERANCE, `r = ${r}`);
  });
});

Deno.test("Born-Wolf light on the axis is the square of sin(u/4)/(u/4)", () => {
  for (const z of [0.1, 0.4, 1, -1, 3.3]) {
    const u = 2 * Math.PI / 0.52 * 1.4 ** 2 / 1.515 * z;
    const expected = (Math.sin(u / 4) / (u / 4)) ** 2;
    assertAlmostEquals(intensity(bornWolfPupil(OIL), Float64Array.of(0), z)[0]!, expected, TOLERANCE, `z = ${z}`);
  }
});

Deno.test("Born-Wolf light off axis and out of focus is its integral", () => {
  for (const [r, z] of [[0.2, 0.5], [0.9, -1], [2, 2]] as const) {
    const k = 2 * Math.PI / 0.52;
    const expected = pupilIntensity(k * 1.4 * r, (rho) => k * z * 1.4 ** 2 / (2 * 1.515) * rho ** 2);
    assertAlmostEquals(intensity(bornWolfPupil(OIL), Float64Array.of(r), z)[0]!, expected, TOLERANCE);
  }
});

Deno.test("Gibson-Lanni light at depth 0 in matching media is Born-Wolf light, as far as that is paraxial", () => {
  const gibsonLanni = gibsonLanniPupil(DRY, layersOf(DRY));
  const radii = Float64Array.of(0, 1, 3, 8);
  for (const z of [0, 20, 60]) {
    const expected = intensity(bornWolfPupil(DRY), radii, z);
    const found = intensity(gibsonLanni, radii, z);
    // Phases differ by k z (n - sqrt(n^2 - s^2) - s^2 / 2n) <= k z NA^4 / 8 n^3 (1 + NA^2); intensity by twice that at most.
    const bound = 2 * (2 * Math.PI / 0.5) * z * 0.1 ** 4 / 8 * 1.01 + TOLERANCE;
    radii.forEach((r, i) => assertAlmostEquals(found[i]!, expected[i]!, bound, `r = ${r}, z = ${z}`));
  }
});

Deno.test("Gibson-Lanni light in matching media is the Debye integral over angles, at any aperture", () => {
  const k = 2 * Math.PI / 0.52;
  for (const [r, z] of [[0, 0.7], [0.15, -0.4], [1, 1.5]] as const) {
    const expected = pupilIntensity(k * 1.4 * r, (rho) => k * z * 1.515 * (1 - Math.cos(Math.asin(1.4 * rho / 1.515))));
    const found = intensity(gibsonLanniPupil(OIL, layersOf(OIL)), Float64Array.of(r), z)[0]!;
    assertAlmostEquals(found, expected, TOLERANCE, `r = ${r}, z = ${z}`);
  }
});

Deno.test("Gibson-Lanni light in layers is the published path difference, square roots and all", () => {
  const objective: Objective = { na: 1.25, wavelengthMicrometre: 0.6, immersionIndex: 1.518 };
  const layers: Layers = layersOf(objective, {
    sampleIndex: 1.36,
    depthMicrometre: 7,
    immersionDesignIndex: 1.515,
    workingDistanceMicrometre: 120,
    coverslipIndex: 1.524,
    coverslipDesignIndex: 1.522,
    coverslipMicrometre: 168,
    coverslipDesignMicrometre: 170,
  });
  const k = 2 * Math.PI / 0.6;
  for (const [r, z] of [[0, 8], [0.3, 7], [0.8, 9.5]] as const) {
    const path = (rho: number) => {
      const root = (index: number) => Math.sqrt(index ** 2 - (1.25 * rho) ** 2);
      // The immersion layer is thinner by z than the working distance: the stage has moved towards the lens.
      return 7 * root(1.36) + (120 - z) * root(1.518) - 120 * root(1.515) + 168 * root(1.524) - 170 * root(1.522);
    };
    const expected = pupilIntensity(k * 1.25 * r, (rho) => k * path(rho), 2000);
    const found = intensity(gibsonLanniPupil(objective, layers), Float64Array.of(r), z)[0]!;
    // Paths of 100 micrometres are 1,000 radians: their rounding, 1e-13 relative, is 1e-10 of a radian.
    assertAlmostEquals(found, expected, 2 * TOLERANCE, `r = ${r}, z = ${z}`);
  }
});

Deno.test("rays that the sample cannot carry are left out, and the last one it carries does no harm", () => {
  const layers = layersOf(OIL, { sampleIndex: 1.33, depthMicrometre: 3 });
  const k = 2 * Math.PI / 0.52;
  for (const [r, z] of [[0, 3.6], [0.25, 3.4]] as const) {
    // Angles in the sample go up to a right angle: s = 1.33 sin t.
    const part = (turn: (angle: number) => number) =>
      simpson(
        (t) => {
          const s = 1.33 * Math.sin(t);
          const phase = k * (3 * 1.33 * Math.cos(t) - z * Math.sqrt(1.515 ** 2 - s ** 2));
          return 2 * besselByIntegral(0, k * r * s) * turn(phase) * Math.sin(t) * Math.cos(t);
        },
        0,
        Math.PI / 2,
        2000,
      );
    const expected = part(Math.cos) ** 2 + part(Math.sin) ** 2;
    const found = intensity(gibsonLanniPupil(OIL, layers), Float64Array.of(r), z)[0]!;
    assertAlmostEquals(found, expected, TOLERANCE, `r = ${r}, z = ${z}`);
  }
});

Deno.test("a point deeper in a thinner medium is brightest between the paraxial and the marginal focus", () => {
  const objective: Objective = { na: 0.9, wavelengthMicrometre: 0.52, immersionIndex: 1.515 };
  const layers = layersOf(objective, { sampleIndex: 1.33, depthMicrometre: 20 });
  const found = brightestDepth(wideField(gibsonLanniPupil(objective, layers)));
  const paraxial = 20 * 1.515 / 1.33;
  // Rays of aperture s cross where the slopes of both layers' paths match.
  const marginal = 20 * Math.sqrt((1.515 ** 2 - 0.9 ** 2) / (1.33 ** 2 - 0.9 ** 2));
  assert(paraxial < found && found < marginal, `${paraxial} < ${found} < ${marginal}`);
});

Deno.test("light without aberration is brightest in focus", () => {
  // The peak is flat: a change of 1e-16 in its height is reached 1e-7 micrometres away; the search ends within 1e-6.
  assertAlmostEquals(brightestDepth(wideField(gibsonLanniPupil(OIL, layersOf(OIL)))), 0, 2e-6);
});

Deno.test("confocal light through a closed pinhole is excitation times emission", () => {
  const blue = { ...DRY, wavelengthMicrometre: 0.4 };
  const model = productOf(wideField(bornWolfPupil(blue)), wideField(bornWolfPupil(DRY)));
  const found = model.prepare({ radii: Float64Array.of(0, 2, 3.5), depths: [0, 0] }).at(new Float64Array(1));
  [0, 2, 3.5].forEach((r, i) => {
    const expected = airy(2 * Math.PI / 0.4 * 0.1 * r) * airy(2 * Math.PI / 0.5 * 0.1 * r);
    assertAlmostEquals(found[i]!, expected, 2 * TOLERANCE);
  });
});

Deno.test("light through a pinhole is its mean over the disc", () => {
  const radius = 3.05;
  const open = throughPinhole(wideField(bornWolfPupil(DRY)), radius);
  const found = open.prepare({ radii: Float64Array.of(0, 2, 7), depths: [0, 0] }).at(new Float64Array(1));
  [0, 2, 7].forEach((r, index) => {
    let sum = 0;
    const [RINGS, SPOKES] = [120, 40];
    for (let ring = 0; ring < RINGS; ring++) {
      const s = radius * (ring + 0.5) / RINGS;
      for (let spoke = 0; spoke < SPOKES; spoke++) {
        const angle = 2 * Math.PI * (spoke + 0.5) / SPOKES;
        const distance = Math.hypot(r + s * Math.cos(angle), s * Math.sin(angle));
        sum += airy(2 * Math.PI / 0.5 * 0.1 * distance) * s;
      }
    }
    const mean = sum * (radius / RINGS) * (2 * Math.PI / SPOKES) / (Math.PI * radius ** 2);
    // Midpoint rule along the radius: (3.05 / 120)^2 / 24 times the slope of s I, below 2, over half the radius squared.
    assertAlmostEquals(found[index]!, mean, 2e-5, `r = ${r}`);
  });
});

Deno.test("a light sheet multiplies by its profile", () => {
  const light = wideField(bornWolfPupil(DRY));
  const extent = { radii: Float64Array.of(0, 3), depths: [-10, 10] as const };
  const depths = Float64Array.of(1, 5, 9);
  const bare = light.prepare(extent).at(depths);
  const lit = inLightSheet(light, 8, 1).prepare(extent).at(depths);
  // Centred at depth 1, 8 thick: half at depth 5, 2^-4 at depth 9.
  [1, 1, 0.5, 0.5, 2 ** -4, 2 ** -4].forEach((share, i) => assertAlmostEquals(lit[i]!, bare[i]! * share, 1e-15));
});
