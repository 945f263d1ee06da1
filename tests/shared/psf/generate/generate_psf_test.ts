import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { energyBox } from "shared/psf/measure/energy_box.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { type DiffractionRequest, generatePsf } from "shared/psf/generate/generate_psf.ts";
import { diffractionWidths, nyquistMicrometre, type Objective } from "shared/psf/generate/optics.ts";
import { centreVoxel, type PsfVolume, sumOf } from "shared/psf/psf_volume.ts";
import { widthsThrough } from "shared/psf/measure/widths.ts";
import { airy, simpson } from "../diffraction_reference.ts";

const WATER: Objective = { na: 1.1, wavelengthMicrometre: 0.52, immersionIndex: 1.33 };
const REQUEST: DiffractionRequest = {
  model: "gibson-lanni",
  objective: WATER,
  voxelMicrometre: [0.2, 0.1, 0.1],
  shape: [9, 11, 11],
};

function at({ shape, values }: PsfVolume, z: number, y: number, x: number): number {
  return values[(z * shape[1] + y) * shape[2] + x]!;
}

Deno.test("pixels hold the mean of the Airy pattern over their area", () => {
  const objective: Objective = { na: 1, wavelengthMicrometre: 0.5, immersionIndex: 1.5 };
  const side = 0.16; // coarser than Nyquist, 0.125
  const { volume } = generatePsf({ model: "born-wolf", objective, voxelMicrometre: [0, side, side], shape: [1, 9, 9] });
  const mean = (y: number, x: number) =>
    simpson(
      (dy) => simpson((dx) => airy(4 * Math.PI * Math.hypot(y + dy, x + dx) * side), -0.5, 0.5, 24),
      -0.5,
      0.5,
      24,
    );
  const peak = mean(0, 0);
  for (const [y, x] of [[0, 1], [1, 1], [0, 3], [-2, 3], [4, -4]] as const) {
    // Simpson: (v per panel = 4 pi 0.16 / 24)^4 / 180 = 3e-7 of the peak, twice; the tool itself stays at 1e-7.
    const found = at(volume, 0, 4 + y, 4 + x) / at(volume, 0, 4, 4);
    assertAlmostEquals(found, mean(y, x) / peak, 1e-6, `${y}, ${x}`);
  }
});

Deno.test("voxels three times as large hold the mean of the small ones inside them", () => {
  const small = generatePsf({ ...REQUEST, voxelMicrometre: [0.2 / 3, 0.1 / 3, 0.1 / 3], shape: [27, 33, 33] }).volume;
  const large = generatePsf(REQUEST).volume;
  const binned = new Float64Array(voxelCount(large.shape));
  small.values.forEach((value, i) => {
    const [z, y, x] = [Math.floor(i / (33 * 33)), Math.floor(i / 33) % 33, i % 33].map((n) => Math.floor(n / 3));
    binned[(z! * 11 + y!) * 11 + x!]! += value;
  });
  const peak = Math.max(...large.values);
  // Quadrature and interpolation are each good to 1e-7 of the peak, on both sides.
  binned.forEach((value, i) => assertAlmostEquals(value, large.values[i]!, 4e-7 * peak));
});

Deno.test("widths are those of the textbook", () => {
  const born: Objective = { na: 0.5, wavelengthMicrometre: 0.5, immersionIndex: 1 };
  const fine: Vec3 = [0.1, 0.02, 0.02];
  const paraxial =
    generatePsf({ model: "born-wolf", objective: born, voxelMicrometre: fine, shape: [61, 61, 61] }).volume;
  const [z, y] = widthsThrough(paraxial, [30, 30, 30]);
  // Averaging over a voxel of side h widens by about h^2 / (2 FWHM): 0.1 % of the axial 35 voxels' 1/35^2 / 2, less across.
  assertAlmostEquals(z! * 0.1 / (1.772 * 0.5 / 0.5 ** 2), 1, 2e-3);
  assertAlmostEquals(y! * 0.02 / (0.5145 * 0.5 / 0.5), 1, 2e-3);

  const high = generatePsf({ ...REQUEST, voxelMicrometre: [0.02, 0.02, 0.02], shape: [61, 31, 31] }).volume;
  const [axial] = widthsThrough(high, [30, 15, 15]);
  // 0.886 wavelength / (n - sqrt(n^2 - NA^2)) takes all angles alike; they count as their cosine, from 1 to 0.56, which adds
  // up to ((1 - 0.56) / (1 + 0.56))^2 j1(1.39)^2 / sinc(1.39)^2, 2.3 %, to the intensity there, 2 % to the width.
  assertAlmostEquals(axial! * 0.02 / diffractionWidths(WATER)[0], 1, 0.025);
});

Deno.test("PSFs have sum 1 and their brightest voxel in the centre, for odd and even sides", () => {
  for (const shape of [[9, 11, 11], [8, 10, 12], [1, 9, 16]] as const) {
    const requests = [
      { ...REQUEST, shape },
      { ...REQUEST, shape, layers: { sampleIndex: 1.38, depthMicrometre: 12 } },
      { ...REQUEST, shape, confocal: { excitationMicrometre: 0.488, pinholeAiry: 1 } },
      { ...REQUEST, shape, model: "light-sheet" as const, sheetMicrometre: 1.5 },
      {
        model: "gaussian" as const,
        widthsMicrometre: [0.8, 0.3, 0.3] as const,
        voxelMicrometre: [0.2, 0.1, 0.1] as const,
        shape,
      },
    ];
    for (const request of requests) {
      const { volume } = generatePsf(request);
      assertAlmostEquals(sumOf(volume), 1, 1e-12);
      assertEquals(Math.max(...volume.values), at(volume, ...centreVoxel(shape)));
    }
  }
});

Deno.test("a Gaussian is integrated over voxels exactly", () => {
  const sigma: Vec3 = [0.6, 1.3, 2];
  const { values, shape } = gaussianPsf([11, 17, 25], sigma);
  const share = (distance: number, s: number) =>
    simpson((x) => Math.exp(-0.5 * (x / s) ** 2) / (s * Math.sqrt(2 * Math.PI)), distance - 0.5, distance + 0.5, 200);
  for (const [z, y, x] of [[0, 0, 0], [1, 2, -3], [-4, 5, 9]] as const) {
    const expected = share(z, 0.6) * share(y, 1.3) * share(x, 2);
    // Simpson: (1 / 200 / 0.6)^4 / 180 * 3 = 8e-11, relative to the density's peak of 0.66.
    assertAlmostEquals(at({ shape, values }, 5 + z, 8 + y, 12 + x), expected, 2e-10);
  }
});

Deno.test("a Gaussian has the variance it was given and a twelfth of a voxel", () => {
  const line = gaussianPsf([1, 1, 41], [0, 0, 2]).values;
  const variance = line.reduce((sum, value, i) => sum + value * (i - 20) ** 2, 0);
  // Sheppard's correction is exact up to aliasing, exp(-2 pi^2 2^2) = 5e-35; 10 sigma are inside.
  assertAlmostEquals(variance, 4 + 1 / 12, 1e-12);
});

Deno.test("a pinhole of one Airy unit is as wide as the Airy disc's first dark ring", () => {
  const objective: Objective = { na: 0.5, wavelengthMicrometre: 0.6, immersionIndex: 1 };
  const made = generatePsf({
    model: "born-wolf",
    objective,
    confocal: { excitationMicrometre: 0.5, pinholeAiry: 1 },
    voxelMicrometre: [0, 0.02, 0.02],
    shape: [1, 1, 41],
  }).volume.values;
  // First zero of J1: v = 3.8317, r = 0.6098 wavelength / NA.
  const radius = 3.8317 / (2 * Math.PI) * 0.6 / 0.5;
  const seen = (r: number) => {
    let sum = 0;
    for (let i = 0; i < 1600; i++) {
      const [s, angle] = [radius * (Math.floor(i / 40) + 0.5) / 40, 2 * Math.PI * (i % 40 + 0.5) / 40];
      const distance = Math.hypot(r + s * Math.cos(angle), s * Math.sin(angle));
      sum += s * airy(2 * Math.PI / 0.6 * 0.5 * distance);
    }
    return sum * airy(2 * Math.PI / 0.5 * 0.5 * r);
  };
  for (const voxel of [5, 10, 20]) {
    // Voxels of 0.02 average away (k 2 NA 0.02)^2 / 24, 1e-3 of a curvature, in both alike but for the fall of the light.
    assertAlmostEquals(made[20 + voxel]! / made[20]!, seen(voxel * 0.02) / seen(0), 2e-3);
  }
});

Deno.test("auto shapes are odd and hold 99.9 % where light ends", () => {
  for (
    const request of [
      { model: "gaussian" as const, widthsMicrometre: [0.8, 0.3, 0.3] as const },
      { ...REQUEST, confocal: { excitationMicrometre: 0.488, pinholeAiry: 0 } },
      { ...REQUEST, model: "light-sheet" as const, sheetMicrometre: 0.8 },
      REQUEST,
    ]
  ) {
    const { volume } = generatePsf({ ...request, voxelMicrometre: [0.2, 0.1, 0.1], shape: "auto" });
    assert(volume.shape.every((side) => side % 2 === 1 && side >= 5), volume.shape.join());
    const centre = centreVoxel(volume.shape);
    assert(energyBox(volume, 0.999).every((half, axis) => half <= centre[axis]!));
    // The whole Gaussian is known: what auto left out of it is at most 0.1 %, of a larger box as large as makes no difference.
    if (request.model === "gaussian") {
      const sigma = mapAxes((axis) => request.widthsMicrometre[axis] / 2.354820045 / [0.2, 0.1, 0.1][axis]!);
      const inside = sumOf(gaussianPsf(volume.shape, sigma));
      assert(inside > 0.999 - 1e-5 && inside < 0.9999, `${inside}`);
    }
  }
});

Deno.test("Nyquist spacings are a quarter wavelength over NA across, and the cone's along the axis", () => {
  const [axial, lateral] = nyquistMicrometre({ na: 1.4, wavelengthMicrometre: 0.52, immersionIndex: 1.515 });
  assertAlmostEquals(lateral, 0.52 / 5.6, 1e-15);
  // wavelength / (2 n (1 - cos a)), the spacing at which published calculators arrive: 278 nm here.
  assertAlmostEquals(axial, 0.52 / (2 * 1.515 * (1 - Math.cos(Math.asin(1.4 / 1.515)))), 1e-12);
});

Deno.test("slips of unit and impossible lenses are refused with what to write instead", () => {
  const refused = (change: Partial<DiffractionRequest>, text: RegExp) => {
    const error = assertThrows(() => generatePsf({ ...REQUEST, ...change }), ClearstackError);
    assertEquals(error.kind, "invalid-request");
    assert(text.test(error.message), error.message);
  };
  refused(
    { objective: { ...WATER, na: 1.4 } },
    /1\.4 needs an immersion medium of higher index than 1\.4, but it is 1\.33/,
  );
  refused({ objective: { ...WATER, wavelengthMicrometre: 0.00052 } }, /nanometres, from 150 to 3000: write 520/);
  refused({ objective: { ...WATER, immersionIndex: 15 } }, /between 1 \(air\) and 2.5/);
  refused({ voxelMicrometre: [200, 100, 100] }, /micrometres, from 0.001 to 100: write 0.2,0.1,0.1/);
  refused({ layers: { depthMicrometre: -3 } }, /the depth of the point is -3/);
  refused({ layers: { sampleIndex: 0.9 } }, /the sample's index is 0.9/);
  refused({ model: "light-sheet" }, /thickness of the sheet/);
  refused({ confocal: { excitationMicrometre: 0.6, pinholeAiry: 1 } }, /exchanged/);
  refused({ confocal: { excitationMicrometre: 0.4, pinholeAiry: 50 } }, /50 Airy units/);
  refused({ shape: [4096, 4096, 4096] }, /too large/);
  refused({ voxelMicrometre: [0, 0.1, 0.1] }, /voxel size of three numbers/);
});

Deno.test("aberrations too strong to compute are refused, not guessed", () => {
  const layers = { sampleIndex: 1, depthMicrometre: 5000 };
  const error = assertThrows(
    () => generatePsf({ ...REQUEST, objective: { ...WATER, na: 0.99 }, layers }),
    ClearstackError,
  );
  assertEquals(error.kind, "unsupported");
});
