/**
 * Looks at one number that is known before: drivers exist that skip dispatches without an error, or miscompile them.
 */
import { ClearstackError } from "shared/errors.ts";
import type { Volume } from "kernels/deconvolver.ts";
import { partBuffer } from "../program/pass_maker.ts";
import type { DeviceBuffers } from "./buffers.ts";
import { readSmall } from "./transfer.ts";

/**
 * Allowed error, as a fraction of the sum of magnitudes. float32 transforms of 2^33 voxels err by about 6e-8 * 33 = 2e-6; a pass
 * that is left out loses all but a plane, a row or a voxel of the PSF.
 */
const TOLERANCE = 1e-4;

/**
 * Compares coefficient 0 of the transform in `spectrum` with the sum of the PSF, which is 1 once it is normalised.
 *
 * @throws {ClearstackError} `no-device` if they differ
 */
export async function checkTransform(device: GPUDevice, buffers: DeviceBuffers, { values }: Volume): Promise<void> {
  let [sum, magnitudes] = [0, 0];
  for (const value of values) {
    sum += value;
    magnitudes += Math.abs(value);
  }
  const spectrum = buffers.get(partBuffer("spectrum", 0));
  const [found] = new Float32Array(await readSmall(device, spectrum, buffers, 8));
  if (Math.abs(found - 1) <= (TOLERANCE * magnitudes) / sum) return;
  throw new ClearstackError(
    "no-device",
    `this GPU computes wrongly: the transform of the PSF begins with ${found} where it must be 1, so its driver skips or ` +
      "miscompiles kernels; update the driver, or use the CPU (--backend cpu)",
  );
}
