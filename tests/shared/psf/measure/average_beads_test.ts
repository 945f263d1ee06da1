import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { averageBeads, type BeadOptions } from "shared/psf/measure/average_beads.ts";
import { erfBetween } from "shared/psf/generate/erf.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { normalised } from "shared/psf/psf_volume.ts";

const SHAPE: Vec3 = [48, 120, 120];
const SIGMA: Vec3 = [2.5, 2, 2];
const BACKGROUND = 50;
const OPTIONS: BeadOptions = {
  distance: 1.9,
  voxel: [0.1, 0.1, 0.1],
  threshold: 8,
  shape: [19, 17, 17],
  saturation: 65535,
};

interface Bead {
  readonly at: Vec3;
  readonly light: number;
}

/** Expected counts: beads of pixel-integrated Gaussian light, centred anywhere, on a background. */
function expectedCounts(beads: readonly Bead[]): Float64Array {
  const values = new Float64Array(voxelCount(SHAPE)).fill(BACKGROUND);
  for (const { at, light } of beads) {
    const lines = mapAxes((axis) =>
      Float64Array.from({ length: SHAPE[axis] }, (_, i) => {
        const scale = 1 / (SIGMA[axis] * Math.SQRT2);
        return erfBetween((i - at[axis] - 0.5) * scale, (i - at[axis] + 0.5) * scale) / 2;
      })
    );
    let index = 0;
    for (const z of lines[0]) for (const y of lines[1]) for (const x of lines[2]) values[index++]! += light * z * y * x;
  }
  return values;
}

/** Beads on a loose grid, each at a random fraction of a voxel. */
function looseGrid(seed: number, light: () => number): Bead[] {
  const random = createRandom(seed);
  const beads: Bead[] = [];
  for (let y = 16; y < 110; y += 29) {
    for (let x = 16; x < 110; x += 29) {
      beads.push({ at: [24 + random.between(-3, 3), y + random.uniform(), x + random.uniform()], light: light() });
    }
  }
  return beads;
}

/** Largest difference from the true PSF, relative to its peak. */
function error(found: { shape: Vec3; values: Float64Array }): number {
  const truth = normalised(gaussianPsf(OPTIONS.shape, SIGMA));
  assertEquals(found.shape, OPTIONS.shape);
  const peak = Math.max(...truth.values);
  return found.values.reduce((most, value, i) => Math.max(most, Math.abs(value - truth.values[i]!)), 0) / peak;
}

Deno.test("beads without noise give back the PSF, wherever they lie between voxels", () => {
  const beads = looseGrid(1, () => 1e5);
  const { psf, report } = averageBeads({ shape: SHAPE, values: Float32Array.from(expectedCounts(beads)) }, OPTIONS);
  assertEquals(report.used, 16);
  // Interpolation: 0.0049 * 15 / sigma^6 on each axis, 0.0026 in all, and centres known to 1e-3. The border of the box, 3.6
  // sigma out, is taken for background: its faces hold 0.0015 of the peak in their middle and less elsewhere.
  assert(error(psf) < 0.005, `${error(psf)}`);
  beads.forEach(({ at }) => {
    const nearest = Math.min(
      ...report.positions.map((found) => Math.hypot(...mapAxes((axis) => found[axis] - at[axis]))),
    );
    assert(nearest < 0.01, `${nearest}`);
  });
});

Deno.test("beads in photon noise give back the PSF as well as the photons allow", () => {
  const random = createRandom(2);
  const beads = looseGrid(3, () => random.between(6e4, 1.2e5));
  const counts = Float32Array.from(expectedCounts(beads), (mean) => random.poisson(mean));
  const { psf, report } = averageBeads({ shape: SHAPE, values: counts }, OPTIONS);
  assert(report.used >= 14, `${report.used}`);
  // The peak voxel holds 1 / (15.75 * 10) of the light: of 16 beads of 9e4 on average 9,150 photons and 800 of background, so
  // a deviation of 100 / 9,150, 1.1 %; the largest of the 1,000 voxels that are as bright is 4 such. The rest is as above.
  assert(error(psf) < 0.044 + 0.005, `${error(psf)}`);
  assertAlmostEquals(report.background.level, BACKGROUND, 0.5);
  assertAlmostEquals(report.background.noise, Math.sqrt(BACKGROUND), 0.5);
  report.widths.forEach((width, axis) => {
    // Integrated over voxels: variance sigma^2 + 1 / 12. A single bead of 9e4 photons knows its width to about 2 %, the mean
    // of 16 to 0.5 %; interpolation adds as much.
    assertAlmostEquals(width!.mean / (2.3548 * Math.sqrt(SIGMA[axis]! ** 2 + 1 / 12)), 1, 0.02);
    assert(width!.deviation / width!.mean < 0.06);
  });
});

Deno.test("crowded, cut, saturated and misshapen beads are left out and counted", () => {
  const good = looseGrid(4, () => 1e5);
  const at = good.map((bead) => bead.at);
  const beads = [
    ...good,
    { at: [24, 60.3, 117] as const, light: 1e5 }, // at the edge
    { at: mapAxes((axis) => at[0]![axis] + [0, -12, 0][axis]!), light: 6e4 }, // crowds the first
    { at: mapAxes((axis) => at[5]![axis]), light: 2e6 }, // on the sixth: saturated
    { at: mapAxes((axis) => at[9]![axis] + [0, 3, 3][axis]!), light: 8e4 }, // a doublet with the tenth
  ];
  const counts = Float32Array.from(expectedCounts(beads), (mean) => Math.min(4095, mean));
  const { psf, report } = averageBeads({ shape: SHAPE, values: counts }, { ...OPTIONS, saturation: 4095 });
  assertEquals(report.left, { crowded: 2, atEdge: 1, saturated: 1, unlike: 1 });
  assertEquals(report.used, 13);
  assert(error(psf) < 0.005, `${error(psf)}`);
});

Deno.test("a flat image of beads works as a stack does", () => {
  const random = createRandom(6);
  const shape: Vec3 = [1, 80, 80];
  const values = new Float32Array(80 * 80);
  const centres = [[20, 20], [20.4, 55.5], [56.3, 21.7], [58, 58.2]] as const;
  values.forEach((_, i) => {
    const [y, x] = [Math.floor(i / 80), i % 80];
    const light = centres.reduce((sum, [cy, cx]) => sum + Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 8), 0);
    values[i] = random.poisson(20 + 2000 * light);
  });
  const { psf, report } = averageBeads({ shape, values }, { ...OPTIONS, voxel: [0, 0.1, 0.1], shape: [1, 15, 15] });
  assertEquals(report.used, 4);
  const truth = Float64Array.from(
    psf.values,
    (_, i) => Math.exp(-((Math.floor(i / 15) - 7) ** 2 + (i % 15 - 7) ** 2) / 8),
  );
  const sum = truth.reduce((total, value) => total + value, 0);
  // 8,000 photons in the peak's voxel of four beads: 1.1 %, four times that among 60 bright voxels, and 0.003 as above.
  psf.values.forEach((value, i) => assertAlmostEquals(value * sum, truth[i]!, 0.05));
});

Deno.test("images without usable beads are refused with the reasons", () => {
  const random = createRandom(8);
  const noise = Float32Array.from({ length: voxelCount(SHAPE) }, () => random.poisson(BACKGROUND));
  assertThrows(() => averageBeads({ shape: SHAPE, values: noise }, OPTIONS), ClearstackError, "lower --threshold");
  const edge = Float32Array.from(expectedCounts([{ at: [3, 60, 60], light: 1e5 }]));
  assertThrows(() => averageBeads({ shape: SHAPE, values: edge }, OPTIONS), ClearstackError, "1 lie too near the edge");
});
