import { assert, assertEquals } from "@std/assert";
import { deconvolve } from "functions/library/deconvolve.ts";
import { planJob } from "functions/library/plan_job.ts";
import { generatePsf } from "shared/psf/generate/generate_psf.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openImage } from "../../stores.ts";
import { patternedVoxels } from "../sample_image.ts";

const VOXEL = [0.5, 0.2, 0.2] as const;
const SHAPE = [2, 6, 24, 20] as const;
const IMAGE = {
  data: Float32Array.from(patternedVoxels([...SHAPE])),
  shape: SHAPE,
  axes: "czyx",
  voxelSize: VOXEL,
};
const SETTINGS = { backend: "cpu", algorithm: { iterations: 2 }, tiling: { tile: [6, 24, 20] } } as const;
const OPTICS = { na: 0.8, immersionIndex: 1, emissionNanometres: [525, 680] };

const psfFor = (emission: number) => {
  const { volume } = generatePsf({
    model: "gibson-lanni",
    objective: { na: 0.8, immersionIndex: 1, wavelengthMicrometre: emission / 1000 },
    voxelMicrometre: VOXEL,
    shape: "auto",
  });
  return { data: Float32Array.from(volume.values), shape: volume.shape, axes: "zyx", voxelSize: VOXEL };
};

Deno.test("optics give the voxels that a PSF computed for each channel gives, and the record says what they were", async () => {
  const computed = await deconvolve(IMAGE, { optics: OPTICS }, SETTINGS);
  const stored = await deconvolve(IMAGE, OPTICS.emissionNanometres.map(psfFor), SETTINGS);
  assertEquals(computed.data, stored.data);
  const { psf, request } = computed.provenance as {
    psf: { optics: { emissionNanometres: number } }[];
    request: { psf: unknown };
  };
  assertEquals(psf.map(({ optics }) => optics.emissionNanometres), OPTICS.emissionNanometres);
  assertEquals(request.psf, { optics: { ...OPTICS, depthMicrometre: 0 } });
});

Deno.test("a plan says what each PSF is computed from, and that it is cropped to what the image uses", async () => {
  const { plan } = await planJob(IMAGE, { optics: OPTICS }, SETTINGS);
  assertEquals(plan.psf.channels!.map(({ shape }) => shape[0]), [11, 11]);
  const notes = plan.warnings.filter(({ code }) => code === "psf-computed").map(({ message }) => message);
  assertEquals(notes, [
    "the PSFs computed for 525 and 680 nm (given): NA 0.8 (given), immersion of index 1 (given), voxels of 0.5,0.2,0.2 µm " +
    "(z,y,x)",
  ]);
  const other = await planJob(IMAGE, { optics: { ...OPTICS, emissionNanometres: [525, 690] } }, SETTINGS);
  assert(other.plan.planHash !== plan.planHash);
});

for (
  const [name, light, lens] of [
    ["sharp.zarr", "by the image's omero", "by the record of the image"],
    ["sharp.ome.tif", "by the image's OME-XML", "by the image's OME-XML"],
    ["sharp.tif", "by the record of the image", "by the record of the image"],
  ] as const
) {
  Deno.test(`${name} keeps the optics that were given, and a second job takes them from there`, async () => {
    const url = memoryUrl();
    await deconvolve(IMAGE, { optics: OPTICS }, { ...SETTINGS, output: `${url}/${name}` });
    const { info } = await openImage({ url: `${url}/${name}` });
    assertEquals(info.channels!.map(({ emissionNanometres }) => emissionNanometres), OPTICS.emissionNanometres);
    assertEquals(info.objective, { na: 0.8, immersionIndex: 1 });
    const { plan } = await planJob(`${url}/${name}`, { optics: {} }, SETTINGS);
    const [note] = plan.warnings.filter(({ code }) => code === "psf-computed").map(({ message }) => message);
    assertEquals(
      note,
      `the PSFs computed for 525 and 680 nm (${light}): NA 0.8 (${lens}), immersion of index 1 (${lens}), ` +
        "voxels of 0.5,0.2,0.2 µm (z,y,x)",
    );
  });
}
