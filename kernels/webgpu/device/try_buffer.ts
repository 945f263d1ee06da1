/**
 * Tries to get one large buffer: some drivers refuse what is larger than the window of 256 MiB that the host sees of a card's memory
 * (https://github.com/denoland/deno/issues/35195), though the card has enough.
 */
import { isClearstackError } from "shared/errors.ts";
import { DeviceBuffers } from "./buffers.ts";
import { withErrorScopes } from "./error_scopes.ts";
import { readSmall, smallStagingRequest } from "./transfer.ts";

/** What came of it. */
export interface BufferTrial {
  readonly bytes: number;
  /** Why the buffer was refused, or what was wrong with it; absent if it was right. */
  readonly problem?: string;
}

/** Twice the window, and what a volume of 512 x 512 x 512 takes. */
export const LARGE_BUFFER_BYTES = 512 * 2 ** 20;

const MARK = 0x5eed;

/** Allocates a buffer, writes to its end and reads that back. */
export async function tryBuffer(device: GPUDevice, bytes: number): Promise<BufferTrial> {
  const buffers = new DeviceBuffers(device);
  const { COPY_DST, COPY_SRC, STORAGE } = GPUBufferUsage;
  try {
    await buffers.allocate([
      { name: "large", bytes, usage: STORAGE | COPY_DST | COPY_SRC },
      { name: "end", bytes: 8, usage: COPY_DST | COPY_SRC },
      smallStagingRequest(8),
    ]);
    const found = await withErrorScopes(device, { what: "filling a large buffer", bytes }, async () => {
      device.queue.writeBuffer(buffers.get("large"), bytes - 8, Uint32Array.of(MARK, MARK));
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffers.get("large"), bytes - 8, buffers.get("end"), 0, 8);
      device.queue.submit([encoder.finish()]);
      return new Uint32Array(await readSmall(device, buffers.get("end"), buffers));
    });
    return found.every((word) => word === MARK)
      ? { bytes }
      : { bytes, problem: "its end does not keep what is written there" };
  } catch (error) {
    if (isClearstackError(error, "device-memory")) return { bytes, problem: error.message };
    throw error;
  } finally {
    buffers.destroy();
  }
}
