/**
 * Takes measurements off the device.
 */
import type { Divergence } from "kernels/deconvolver.ts";
import { MEASUREMENTS } from "../stages/measurement.ts";
import type { DeviceBuffers } from "./buffers.ts";
import { readSmall } from "./transfer.ts";

/** The measurements of the given iterations; the next ones start at the beginning of the buffer again. */
export async function readMeasurements(
  device: GPUDevice,
  buffers: DeviceBuffers,
  steps: readonly number[],
  withHeldOut: boolean,
): Promise<Divergence[]> {
  if (steps.length === 0) return [];
  const source = buffers.get(MEASUREMENTS.name);
  const totals = new Float32Array(await readSmall(device, source, buffers), 8);
  device.queue.writeBuffer(source, 0, new Uint32Array(2));
  return steps.map((iteration, i) => {
    const [fit, heldOut] = totals.subarray(2 * i, 2 * i + 2);
    return withHeldOut ? { iteration, fit, heldOut } : { iteration, fit };
  });
}
