/**
 * Tries again with smaller buffers where a GPU has no memory left for large ones, though it has enough in all: some drivers place a
 * buffer in a window of 256 MiB that the host sees.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { cappedLimits, type GpuLimits } from "./limits.ts";

/** Half of the window, so that one fits it with what lies there already. */
const SMALL_BUFFER_BYTES = 128 * 2 ** 20;

/**
 * Makes something within `limits`, and if the memory for it is refused, once more in buffers of at most 128 MiB.
 *
 * @throws {ClearstackError} what `make` threw; `device-memory` if the second time failed as well
 */
export async function retrySmaller<T>(limits: GpuLimits, make: (limits: GpuLimits) => Promise<T>): Promise<T> {
  try {
    return await make(limits);
  } catch (refused) {
    const caps = { maxBufferSize: SMALL_BUFFER_BYTES, maxStorageBufferBindingSize: SMALL_BUFFER_BYTES };
    if (!isClearstackError(refused, "device-memory") || limits.maxBufferSize <= SMALL_BUFFER_BYTES) throw refused;
    try {
      return await make(cappedLimits(limits, caps));
    } catch (error) {
      // A box that cannot be cut so finely has had its only chance.
      if (!isClearstackError(error, "over-budget")) throw error;
      throw new ClearstackError("device-memory", refused.message, { cause: error });
    }
  }
}
