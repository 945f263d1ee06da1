import { assert, assertEquals, assertThrows } from "@std/assert";
import { OpticsSchema } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { computedInfo, computePsf, resolveOptics } from "shared/psf/generate/computed_psf.ts";
import { generatePsf } from "shared/psf/generate/generate_psf.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { imageInfo } from "../../../fixtures/image_info.ts";

const UNITS = [undefined, "micrometer", "micrometer", "nanometer"];
const IMAGE = imageInfo("czyx", [3, 9, 32, 32], {
  axes: axesOf("czyx", UNITS),
  scale: [1, 0.3, 0.1, 100],
  channels: [{ name: "DAPI", emissionNanometres: 461 }, { name: "GFP", emissionNanometres: 509 }, { name: "red" }],
  objective: { na: 1.2, immersionIndex: 1.33 },
});
const statedVoxels = (unit: string, sides: readonly number[]) => ({
  ...IMAGE,
  axes: axesOf("czyx", [undefined, unit, unit, unit]),
  scale: [1, ...sides],
});
const resolve = (optics: object, image = IMAGE) => resolveOptics(OpticsSchema.parse(optics), image);

Deno.test("what a request leaves out is what the image states, and what it states overrules the image", () => {
  const shared = { na: 1.2, immersionIndex: 1.33, sampleIndex: 1.33, depthMicrometre: 0 };
  const voxelMicrometre = [0.3, 0.1, 0.1] as const;
  const two = { ...IMAGE, shape: [2, 9, 32, 32], channels: IMAGE.channels!.slice(0, 2) };
  assertEquals(
    resolve({}, two),
    [461, 509].map((emissionNanometres) => ({
      ...shared,
      emissionNanometres,
      voxelMicrometre,
    })),
  );
  const given = {
    na: 1.4,
    immersionIndex: 1.515,
    emissionNanometres: [1, 2, 3].map((n) => 500 + n),
    depthMicrometre: 5,
  };
  assertEquals(
    resolve(given).map(({ na, sampleIndex, depthMicrometre, emissionNanometres }) => [
      ...[na, sampleIndex, depthMicrometre, emissionNanometres],
    ]),
    [1, 2, 3].map((n) => [1.4, 1.515, 5, 500 + n]),
  );
});

Deno.test("one wavelength for all channels, or the same for each, is one PSF", () => {
  for (const emissionNanometres of [525, [525], [525, 525, 525]]) {
    assertEquals(resolve({ emissionNanometres }).map((psf) => psf.emissionNanometres), [525]);
  }
});

for (
  const [what, optics, image, message] of [
    ["a channel's wavelength", {}, IMAGE, "the emission wavelength of channel 2 (red): give --emission"],
    ["the aperture", { emissionNanometres: 525 }, { ...IMAGE, objective: { immersionIndex: 1 } }, "give --na"],
    ["the immersion", { emissionNanometres: 525 }, { ...IMAGE, objective: { na: 0.8 } }, "give --index"],
    ["the voxel size", { emissionNanometres: 525 }, { ...IMAGE, axes: axesOf("czyx") }, "voxel size"],
    [
      "voxels that an objective records",
      { emissionNanometres: 525 },
      statedVoxels("micrometer", [300, 100.0000068, 100]),
      "the image states voxels of 300,100,100 µm (z,y,x), which no objective records: state those that it has, from " +
      "0.001 to 100, with convert --scale 0.3,0.1,0.1 --unit micrometer",
    ],
    [
      "voxels that an objective can tell apart",
      { emissionNanometres: 525 },
      statedVoxels("angstrom", [0.3, 0.1, 0.1]),
      "with convert --scale Z,Y,X --unit micrometer",
    ],
    [
      "wavelengths of as many channels",
      { emissionNanometres: [525, 600] },
      IMAGE,
      "2 emission wavelengths are given for 3",
    ],
    [
      "an immersion for the aperture",
      { emissionNanometres: 525, immersionIndex: 1 },
      IMAGE,
      "immersion medium of higher",
    ],
  ] as const
) {
  Deno.test(`optics without ${what} are refused with what to give`, () => {
    const refused = () => resolve(optics, image).map(computedInfo);
    assertEquals(assertThrows(refused, ClearstackError, message).kind, "invalid-request");
  });
}

Deno.test("all that is missing is named at once, each with its mend", () => {
  const { objective: _, channels: __, ...bare } = { ...IMAGE, axes: axesOf("czyx") };
  assertThrows(
    () => resolve({}, bare),
    ClearstackError,
    "the image does not state the numerical aperture of its lens, the refractive index of its immersion, the emission " +
      "wavelengths of channels 0, 1, 2 or its voxel size in a unit of length: give --na, --index (oil 1.515, glycerol " +
      "1.47, water 1.33, air 1), --emission (one for all channels, or one for each) and the voxel size with convert " +
      "--scale Z,Y,X --unit micrometer, or give a PSF",
  );
});

Deno.test("what is foretold of a computed PSF is its shape, with and without depth, and its voxels are those of the model", () => {
  for (const image of [IMAGE, imageInfo("yx", [32, 32], { axes: axesOf("yx", UNITS.slice(2)), scale: [0.1, 100] })]) {
    const [psf] = resolve({ na: 0.8, immersionIndex: 1, emissionNanometres: 525 }, image);
    const { shape, values } = computePsf(psf!);
    assertEquals(spatialShape(computedInfo(psf!)), shape);
    const { volume } = generatePsf({
      model: "gibson-lanni",
      objective: { na: 0.8, immersionIndex: 1, wavelengthMicrometre: 0.525 },
      voxelMicrometre: psf!.voxelMicrometre,
      shape,
    });
    assertEquals(values, Float32Array.from(volume.values));
    assert(shape[0] === 1 || shape[0] > 5, `${shape}`);
  }
});
