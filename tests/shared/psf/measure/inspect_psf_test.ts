import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { generatePsf } from "shared/psf/generate/generate_psf.ts";
import { inspectPsf } from "shared/psf/measure/inspect_psf.ts";
import type { PsfVolume } from "shared/psf/psf_volume.ts";

const GOOD = gaussianPsf([21, 25, 25], [2.2, 2.5, 2.5]);

function changed(change: (value: number, index: number) => number): PsfVolume {
  return { shape: GOOD.shape, values: GOOD.values.map(change) };
}

Deno.test("a good PSF is measured and not complained of", () => {
  const found = inspectPsf(GOOD, { voxelMicrometre: [0.2, 0.1, 0.1] });
  assertEquals(found.warnings, []);
  assertEquals(found.arrayCentre, [10, 12, 12]);
  assertEquals(found.brightestVoxel, [10, 12, 12]);
  // Integrated over voxels, the variance is sigma^2 + 1 / 12; interpolation adds 0.002 of the width at sigma 2.2.
  found.fwhmMicrometre!.forEach((width, axis) => {
    const expected = 2.3548 * Math.sqrt([2.2, 2.5, 2.5][axis]! ** 2 + 1 / 12) * [0.2, 0.1, 0.1][axis]!;
    assertAlmostEquals(width! / expected, 1, 3e-3);
  });
});

Deno.test("a computed wide-field PSF, whose light never ends, is complained of for that alone", () => {
  const { volume } = generatePsf({
    model: "gibson-lanni",
    objective: { na: 1.3, wavelengthMicrometre: 0.52, immersionIndex: 1.515 },
    layers: { sampleIndex: 1.4, depthMicrometre: 5 },
    voxelMicrometre: [0.2, 0.08, 0.08],
    shape: [25, 49, 49],
  });
  assert(inspectPsf(volume).warnings.every((warning) => warning.startsWith("cut off")));
});

Deno.test("what is wrong with a PSF is said in a sentence with the mend", () => {
  const warned = (volume: PsfVolume, text: RegExp) => {
    const { warnings } = inspectPsf(volume);
    assertEquals(warnings.length, 1, warnings.join("; "));
    assert(text.test(warnings[0]!), warnings[0]);
  };
  warned(changed((_, i) => GOOD.values[i - 2] ?? 0), /^off-centre: .* 0\.0, 0\.0, 2\.0 voxels .*--recentre peak$/);
  warned(changed((value) => value + 1e-5), /^background: a pedestal makes up 12 % .*--subtract-background$/);
  warned(changed((value, i) => i % 7 === 0 ? -1e-7 : value), /^negative values hold 0\.\d+ %/);
  warned(gaussianPsf([9, 25, 25], [2.2, 2.5, 2.5]), /^cut off: .* % along z of its peak/);
});

Deno.test("sampling is told against Nyquist's spacing", () => {
  const objective = { na: 1.4, wavelengthMicrometre: 0.52, immersionIndex: 1.515 };
  const found = inspectPsf(GOOD, { voxelMicrometre: [0.2, 0.13, 0.13], objective });
  assertAlmostEquals(found.overNyquist![1], 0.13 * 4 * 1.4 / 0.52, 1e-12);
  assertEquals(found.warnings.length, 1);
  assert(/^undersampled: .* 1\.40 times along y, 1\.40 times along x/.test(found.warnings[0]!), found.warnings[0]);
});

Deno.test("a PSF of zeros or of negative sum is refused", () => {
  assertThrows(() => inspectPsf(changed(() => 0)), ClearstackError, "zero everywhere");
  assertThrows(() => inspectPsf(changed((value) => -value)), ClearstackError, "must have a positive one");
});
