/** Computes the PSF of a microscope, looks at it, and deconvolves with it. */
import { deconvolve, generatePsf, inspectPsf } from "@clearstack/clearstack";

const objective = { na: 1.2, wavelengthMicrometre: 0.52, immersionIndex: 1.33 };
const voxelMicrometre = [0.3, 0.1, 0.1] as const;
const { volume, warnings } = generatePsf({
  model: "gibson-lanni",
  objective,
  layers: { sampleIndex: 1.36, depthMicrometre: 5 },
  voxelMicrometre,
  shape: [11, 15, 15],
});
const { fwhmMicrometre, overNyquist } = inspectPsf(volume, { voxelMicrometre, objective });
console.log("widths in µm", fwhmMicrometre!.map((width) => width?.toFixed(2)).join(" "));
console.log("voxels are fine enough", overNyquist!.every((ratio) => ratio <= 1));
for (const warning of warnings) console.log(warning);

const image = { data: new Uint16Array(16 * 32 * 32).fill(100), shape: [16, 32, 32], axes: "zyx" };
image.data[(8 * 32 + 16) * 32 + 16] = 5000;
const psf = { data: volume.values, shape: volume.shape, axes: "zyx", voxelSize: voxelMicrometre };
const { data } = await deconvolve({ ...image, voxelSize: voxelMicrometre }, psf, {
  algorithm: { iterations: 10 },
  backend: "cpu",
});
console.log("brightest voxel", data.indexOf(data.reduce((most, value) => Math.max(most, value), 0)));
