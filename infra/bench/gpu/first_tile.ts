/** How long the first tile of a process takes, and the first of another shape. */
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { benchData, benchPsf } from "./specimen.ts";

/** Seconds from asking for a deconvolver to one iteration's estimate. */
export interface FirstTile {
  readonly box: Vec3;
  /** In a Worker that has yet to open the device and compile the kernels. */
  readonly coldSeconds: number;
  /** Of the same shape once more, whose kernels are there. */
  readonly warmSeconds: number;
}

export async function timeFirstTile(box: Vec3): Promise<FirstTile> {
  const data = benchData(box);
  const psf = benchPsf(box, false);
  const seconds = async () => {
    const begin = performance.now();
    const deconvolver = await createWebGpuDeconvolver({ box, psf, dataType: "uint16", tuning: {} });
    await deconvolver.run(data, { iterations: 1 });
    return { deconvolver, seconds: (performance.now() - begin) / 1000 };
  };
  const cold = await seconds();
  const warm = await seconds();
  await cold.deconvolver.close();
  await warm.deconvolver.close();
  return { box, coldSeconds: cold.seconds, warmSeconds: warm.seconds };
}
