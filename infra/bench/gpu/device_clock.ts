/** Measures how fast the device copies, and how long a tick of its clock is. */
import { DeviceBuffers } from "kernels/webgpu/device/buffers.ts";
import type { Gpu } from "kernels/webgpu/device/gpu_device.ts";
import type { Runner } from "kernels/webgpu/runner.ts";

const { COPY_DST, COPY_SRC } = GPUBufferUsage;

/** Copies of a whole buffer that are timed, and those that are taken off because waiting takes up to 10 ms whatever there is. */
const COPIES = 400;
const FEW_COPIES = 40;

/** Bytes read and written per second by copies from buffer to buffer, the best of `repeats`. */
export async function copyBandwidth({ device, limits }: Gpu, bufferBytes: number, repeats: number): Promise<number> {
  const bytes = Math.floor(Math.min(bufferBytes, limits.maxBufferSize) / 4) * 4;
  const buffers = new DeviceBuffers(device);
  await buffers.allocate(["from", "to"].map((name) => ({ name, bytes, usage: COPY_DST | COPY_SRC })));
  const seconds = async (copies: number) => {
    const begin = performance.now();
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < copies; i++) encoder.copyBufferToBuffer(buffers.get("from"), 0, buffers.get("to"), 0, bytes);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - begin) / 1000;
  };
  await seconds(1);
  let best = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const less = await seconds(FEW_COPIES);
    best = Math.max(best, (2 * bytes * COPIES) / Math.max(1e-9, await seconds(FEW_COPIES + COPIES) - less));
  }
  buffers.destroy();
  return best;
}

/** Seconds of a tick: what many iterations took by the device's clock and by the host's, less what few took. */
export async function secondsPerTick(runner: Runner, iterations: number): Promise<number> {
  const both = async (count: number) => {
    const begin = performance.now();
    const ticks = count * await runner.iterationTicks({}, count);
    return { ticks, seconds: (performance.now() - begin) / 1000 };
  };
  await both(1);
  const few = await both(iterations);
  const many = await both(4 * iterations);
  return (many.seconds - few.seconds) / (many.ticks - few.ticks);
}
