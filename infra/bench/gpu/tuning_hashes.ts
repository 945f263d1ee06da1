/** Do the tunings that a device may choose from give the same bytes? They may not change a bit, since lanes and runs mix them. */
import type { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import type { Gpu } from "kernels/webgpu/device/gpu_device.ts";
import type { Tuning } from "kernels/webgpu/program/rl_program.ts";
import { Runner } from "kernels/webgpu/runner.ts";
import { tuningCandidates } from "kernels/webgpu/tuning/tuning_choice.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { benchData, benchPsf } from "./specimen.ts";

/** One tuning, and the SHA-256 of what it made of the box. */
export interface TuningHash {
  readonly tuning: Tuning;
  readonly sha256: string;
}

const ITERATIONS = 2;

/** Runs the default way with every tuning. */
export async function tuningHashes(gpu: Gpu, pipelines: PipelineCache, box: Vec3): Promise<TuningHash[]> {
  const data = benchData(box);
  const hashes: TuningHash[] = [];
  for (const tuning of [{}, ...tuningCandidates(box)]) {
    const runner = await Runner.create(gpu, pipelines, { box, psf: benchPsf(box, false), dataType: "uint16", tuning });
    const { estimate } = await runner.run(data, { iterations: ITERATIONS, isCancelled: () => false });
    runner.destroy();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", estimate as Float32Array<ArrayBuffer>));
    hashes.push({ tuning, sha256: digest.toHex() });
  }
  return hashes;
}
