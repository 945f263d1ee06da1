/** Has peers_cupy.py time the same box, and compares its result with ours. */
import type { Gpu } from "kernels/webgpu/device/gpu_device.ts";
import type { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { Runner } from "kernels/webgpu/runner.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { aboutCentre, normalised } from "shared/psf/psf_volume.ts";
import { differenceOfPeak } from "../../conformance/property.ts";
import { type BenchBox, benchData, benchPsf } from "./specimen.ts";
import type { TimingOptions } from "./time_own.ts";

/** Times of the peers. */
export interface PeerTiming {
  /** Such as "CuPy 13.4.1". */
  readonly library: string;
  /** Milliseconds per iteration, the best of the repeats. */
  readonly blogMs: number;
  readonly tunedMs: number;
  /** Largest difference of our estimate from the tuned one's, relative to its maximum. */
  readonly difference: number;
}

/** Times the peers, or tells why that was not possible. */
export async function timePeers(
  { gpu, pipelines }: { readonly gpu: Gpu; readonly pipelines: PipelineCache },
  { box }: BenchBox,
  { python, script, iterations, repeats }: TimingOptions & { readonly python: string; readonly script: string },
): Promise<PeerTiming | string> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-bench-" });
  try {
    const data = Float32Array.from(benchData(box));
    await Deno.writeFile(`${folder}/data.f32`, new Uint8Array(data.buffer));
    await Deno.writeFile(`${folder}/psf.f32`, new Uint8Array(centred(box).buffer));
    const args = [script, folder, ...box, iterations, repeats].map(String);
    const { success, stdout } = await new Deno.Command(python, { args, stderr: "inherit" }).output();
    if (!success) return "the Python script failed";
    const report = JSON.parse(new TextDecoder().decode(stdout));
    const theirs = new Float32Array((await Deno.readFile(`${folder}/tuned.f32`)).buffer);
    const runner = await Runner.create(gpu, pipelines, { box, psf: benchPsf(box, false), tuning: {} });
    const { estimate } = await runner.run(data, { iterations, isCancelled: () => false });
    runner.destroy();
    return {
      library: report.library,
      blogMs: Math.min(...report.blog),
      tunedMs: Math.min(...report.tuned),
      difference: differenceOfPeak(estimate, theirs),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `there is no ${python}`;
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The normalised PSF in the middle of a box of zeros: its centre at `floor(side / 2)`. */
function centred(box: Vec3): Float32Array<ArrayBuffer> {
  const { shape, values } = benchPsf(box, false);
  return Float32Array.from(aboutCentre(normalised({ shape, values: Float64Array.from(values) }), box).values);
}
