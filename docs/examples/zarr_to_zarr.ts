/**
 * Deconvolves one OME-Zarr into another, with progress:
 *
 *     deno run -A zarr_to_zarr.ts IMAGE PSF OUTPUT
 */
import { ClearstackError, deconvolve, planJob } from "@clearstack/clearstack";

const [source, psf, output] = Deno.args;
if (output === undefined) throw new Error("usage: zarr_to_zarr.ts IMAGE PSF OUTPUT");

const settings = { output, algorithm: { iterations: 10 }, tiling: { tile: [12, 20, 48] } } as const;
try {
  const { plan } = await planJob(source, psf, settings);
  console.log(`${plan.tiles} tiles of ${plan.tile.join(" x ")}, ${Math.ceil(plan.hostBytes / 2 ** 20)} MiB`);
  const result = await deconvolve(source, psf, {
    ...settings,
    onProgress: ({ type, tilesDone, tiles }) => type === "tile" && console.log(`tile ${tilesDone} of ${tiles}`),
  });
  console.log(`${result.voxels} voxels in ${result.output}`);
} catch (error) {
  if (!(error instanceof ClearstackError)) throw error;
  console.error(error.message, error.path ?? "");
  Deno.exit(error.exitStatus);
}
