/** Plans for programs. */
import type { PreparedJob } from "functions/orchestrate/plan/prepare_job.ts";
import { type DeconvolveOptions, localWorld, type RunOptions } from "./deconvolve.ts";
import { holdRequest, type ImageSource, type JobPsfSource } from "./local_request.ts";
import { prepareLocalJob } from "./run_local.ts";

/**
 * Plans what {@link deconvolve} would do, down to tiles and bytes of memory, from metadata and the PSF alone.
 *
 * @returns the plan, warnings among it, and the device it is for
 * @throws {ClearstackError} what is wrong with the input; `over-budget` with `need` and `limit`
 *
 * @example
 * ```ts
 * import { planJob } from "@clearstack/clearstack";
 *
 * const image = { data: new Uint16Array(8 * 64 * 64), shape: [8, 64, 64], axes: "zyx" };
 * const psf = { data: new Float32Array([0.25, 0.5, 0.25]), shape: [1, 1, 3], axes: "zyx" };
 * const { plan } = await planJob(image, psf, { tiling: { tile: [8, 32, 32] }, backend: "cpu" });
 * console.log(plan.tiles, plan.hostBytes > 0); // 4 true
 * ```
 */
export async function planJob(
  source: ImageSource,
  psf: JobPsfSource,
  { environment, signal, ...settings }:
    & Omit<DeconvolveOptions, "onProgress">
    & Pick<RunOptions, "environment" | "signal"> = {},
): Promise<PreparedJob> {
  const { request, release } = await holdRequest({ ...settings, source, psf }, { sourceVoxels: false });
  try {
    return await prepareLocalJob(request, localWorld(environment), signal);
  } finally {
    await release();
  }
}
