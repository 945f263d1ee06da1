/**
 * Asks for the GPU of this process without blocking the calling thread.
 */
import type { AdapterReport } from "./gpu_device.ts";
import { GpuWorker } from "../worker/gpu_worker.ts";

/** Describes the adapter that WebGPU offers, or why there is none. */
export async function probeWebGpu(): Promise<AdapterReport> {
  const worker = GpuWorker.acquire();
  try {
    return await worker.call("probe", null);
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    worker.release();
  }
}
