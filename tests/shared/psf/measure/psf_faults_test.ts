import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { makeSample } from "functions/cli/demo/sample/make_sample.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { averageBeads } from "shared/psf/measure/average_beads.ts";
import { inspectPsf } from "shared/psf/measure/inspect_psf.ts";
import { psfFaults } from "shared/psf/measure/psf_faults.ts";
import { repairPsf } from "shared/psf/measure/repair_psf.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { type DiffractionRequest, generatePsf } from "shared/psf/generate/generate_psf.ts";
import { nyquistMicrometre } from "shared/psf/generate/optics.ts";
import { recentred, rolled } from "shared/psf/centring.ts";
import type { PsfSamples } from "shared/psf/psf_volume.ts";

const codesOf = (psf: PsfSamples) => psfFaults(inspectPsf(psf)).map(({ code }) => code);

/** NA, emission and medium, then index and depth of the sample. */
const OPTICS: readonly (readonly [number, number, number, number?, number?])[] = [
  [0.3, 0.52, 1],
  [0.5, 0.67, 1],
  [0.75, 0.52, 1],
  [0.95, 0.6, 1],
  [1.0, 0.52, 1.33],
  [1.2, 0.46, 1.33],
  [1.3, 0.52, 1.47],
  [1.4, 0.52, 1.515],
  [1.45, 0.67, 1.518],
  [0.8, 0.52, 1, 1.33, 20],
  [0.95, 0.6, 1, 1.33, 20],
  [1.0, 0.52, 1.33, 1.45, 100],
  [1.2, 0.52, 1.33, 1.38, 20],
  [1.2, 0.52, 1.33, 1.4, 50],
  [1.3, 0.52, 1.47, 1.36, 10],
  [1.4, 0.52, 1.515, 1.38, 5],
  [1.4, 0.52, 1.515, 1.33, 10],
];

Deno.test("a computed PSF raises no warning, at the Nyquist spacing, deep in a sample of another index, in one plane", () => {
  for (const [na, wavelengthMicrometre, immersionIndex, sampleIndex, depthMicrometre] of OPTICS) {
    const objective = { na, wavelengthMicrometre, immersionIndex };
    const layers = sampleIndex === undefined ? {} : { layers: { sampleIndex, depthMicrometre: depthMicrometre! } };
    const nyquist = nyquistMicrometre(objective);
    const request = { model: "gibson-lanni", objective, ...layers, shape: "auto" } as const;
    for (const voxelMicrometre of [nyquist, [0, nyquist[1], nyquist[2]] as const]) {
      const { volume } = generatePsf({ ...request, voxelMicrometre });
      assertEquals(codesOf(volume), [], JSON.stringify({ objective, layers, voxelMicrometre }));
    }
  }
});

Deno.test("confocal, light-sheet and Gaussian PSFs raise no warning", () => {
  const objective = { na: 1.2, wavelengthMicrometre: 0.52, immersionIndex: 1.33 };
  const layers = { sampleIndex: 1.38, depthMicrometre: 20 };
  const requests: DiffractionRequest[] = [
    {
      ...{ model: "gibson-lanni", objective, layers, voxelMicrometre: [0.2, 0.08, 0.08], shape: "auto" },
      confocal: { excitationMicrometre: 0.488, pinholeAiry: 1 },
    },
    { model: "light-sheet", objective, sheetMicrometre: 3, layers, voxelMicrometre: [0.3, 0.1, 0.1], shape: "auto" },
    { model: "born-wolf", objective: { ...objective, na: 0.6 }, voxelMicrometre: [0.4, 0.15, 0.15], shape: "auto" },
  ];
  for (const request of requests) assertEquals(codesOf(generatePsf(request).volume), [], JSON.stringify(request));
  const gaussian = {
    model: "gaussian",
    voxelMicrometre: [0.2, 0.1, 0.1],
    widthsMicrometre: [0.6, 0.25, 0.25],
  } as const;
  assertEquals(codesOf(generatePsf({ ...gaussian, shape: "auto" }).volume), []);
});

Deno.test("the PSF of the demo raises no warning", () => {
  assertEquals(codesOf(makeSample({ shape: [8, 16, 16] }).psf), []);
});

/** Counts of beads with the shape of a PSF, on a background, in photon noise. */
function beadImage(psf: PsfSamples, shape: Vec3, photons: number) {
  const random = createRandom(5);
  const mean = new Float64Array(shape[0] * shape[1] * shape[2]).fill(20);
  const peak = inspectPsf(psf).max;
  const [depth, height, width] = psf.shape;
  for (let top = 4; top + height < shape[1]; top += height + 6) {
    for (let left = 4; left + width < shape[2]; left += width + 6) {
      let index = 0;
      for (let z = 0; z < depth; z++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            mean[((6 + z) * shape[1] + top + y) * shape[2] + left + x]! += photons * psf.values[index++]! / peak;
          }
        }
      }
    }
  }
  return { shape, values: Float32Array.from(mean, (value) => random.poisson(value)) };
}

Deno.test("averaged beads raise no warning, nor do those from deep in a sample of another index", () => {
  const objective = { na: 1.2, wavelengthMicrometre: 0.52, immersionIndex: 1.33 };
  const voxelMicrometre = [0.25, 0.1, 0.1] as const;
  for (const layers of [{}, { layers: { sampleIndex: 1.38, depthMicrometre: 20 } }]) {
    const request = { model: "gibson-lanni", objective, ...layers, voxelMicrometre, shape: [21, 25, 25] } as const;
    const { psf, report } = averageBeads(beadImage(generatePsf(request).volume, [33, 130, 130], 2000), {
      ...{ distance: 2, voxel: voxelMicrometre, threshold: 8, shape: [17, 19, 19], saturation: 65535 },
    });
    assert(report.used >= 9, `${report.used} beads`);
    assertEquals(codesOf(repairPsf(psf, {}).volume), []);
  }
});

const GOOD = gaussianPsf([21, 25, 25], [2.2, 2.5, 2.5]);

Deno.test("a peak off the centre is told with its shift, also half a voxel off, and where it goes on at the other edge", () => {
  const shiftOf = (psf: PsfSamples) => psfFaults(inspectPsf(psf)).find(({ code }) => code === "psf-off-centre")?.value;
  const shifts: Vec3[] = [[0, 2, -3], [1, 0, 0], [-4, 0, 5]];
  for (const shift of shifts) {
    const moved = rolled(GOOD, [(shift[0] + 21) % 21, (shift[1] + 25) % 25, (shift[2] + 25) % 25]);
    // Polynomials of degree 5 find the top of a Gaussian of 2.2 voxels to a thousandth.
    (shiftOf(moved) as number[]).forEach((found, axis) => assertAlmostEquals(found, shift[axis]!, 1e-3));
  }
  const corner = rolled(gaussianPsf([8, 16, 16], [1, 1.5, 1.5]), [4, 8, 8]);
  (shiftOf(corner) as number[]).forEach((found, axis) => assertAlmostEquals(found, [-4, -8, -8][axis]!, 1e-3));
  assertEquals(codesOf(recentred(corner, "peak")), []);
  // The usual mistake with even sides: the middle between the two middle voxels.
  const even = Float64Array.from({ length: 16 ** 3 }, (_, i) => {
    const at = [i >> 8, (i >> 4) & 15, i & 15].map((index) => index - 7.5);
    return Math.exp(-at.reduce((sum, distance) => sum + distance ** 2, 0) / 8);
  });
  (shiftOf({ shape: [16, 16, 16], values: even }) as number[]).forEach((found) =>
    assertAlmostEquals(found, -0.5, 0.01)
  );
});

Deno.test("the top of a lopsided PSF that was moved tells how far", () => {
  const objective = { na: 1.4, wavelengthMicrometre: 0.52, immersionIndex: 1.515 };
  const layers = { sampleIndex: 1.38, depthMicrometre: 5 };
  const { volume } = generatePsf({
    ...{ model: "gibson-lanni", objective, layers, voxelMicrometre: [0.2, 0.1, 0.1], shape: [67, 65, 65] },
  });
  const [fault] = psfFaults(inspectPsf(rolled(volume, [3, 0, 0])));
  assertEquals(fault?.code, "psf-off-centre");
  // Its brightest point lies within 0.1 voxels of the centre, a voxel's mean against a point.
  assertAlmostEquals((fault!.value as number[])[0]!, 3, 0.1);
});

Deno.test("a pedestal, cut lobes, coarse voxels and negative values are told, each by itself", () => {
  const pedestal = { ...GOOD, values: GOOD.values.map((value) => value + 1e-5) };
  assertEquals(codesOf(pedestal), ["psf-background"]);
  assertEquals(codesOf(gaussianPsf([7, 25, 25], [2.2, 2.5, 2.5])), ["psf-cut-off"]);
  assertEquals(codesOf(gaussianPsf([21, 25, 25], [0.5, 2.5, 2.5])), ["psf-coarse"]);
  assertEquals(codesOf({ ...GOOD, values: GOOD.values.map((value, i) => i === 0 ? -1e-6 : value) }), ["psf-negative"]);
});

Deno.test("for an image, shifts and widths are told in its voxels, and what it cannot use is not missed", () => {
  const none = [false, false, false] as const;
  const fine = inspectPsf(rolled(gaussianPsf([41, 25, 25], [6, 2.5, 2.5]), [6, 0, 0]));
  const [shift] = psfFaults(fine, { voxelRatio: [3, 1, 1], covers: none });
  assertAlmostEquals((shift!.value as number[])[0]!, 2, 1e-3);
  const narrow = inspectPsf(gaussianPsf([21, 25, 25], [2.2, 2.5, 2.5]));
  assertEquals(psfFaults(narrow, { voxelRatio: [4, 1, 1], covers: none }).map(({ code }) => code), ["psf-coarse"]);
  const cut = inspectPsf(gaussianPsf([7, 25, 25], [2.2, 2.5, 2.5]));
  assertEquals(psfFaults(cut, { voxelRatio: [1, 1, 1], covers: [true, false, false] }), []);
});
