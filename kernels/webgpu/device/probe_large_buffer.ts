/**
 * Tries a large buffer on the GPU of this process without blocking the calling thread.
 */
import { GpuWorker } from "../worker/gpu_worker.ts";
import type { BufferTrial } from "./try_buffer.ts";

/** @throws {ClearstackError} `no-device`, `device-lost` */
export async function probeLargeBuffer(): Promise<BufferTrial> {
  const worker = GpuWorker.acquire();
  try {
    return await worker.call("tryLargeBuffer", null);
  } finally {
    worker.release();
  }
}
