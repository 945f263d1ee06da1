/**
 * Device memory: allocated under error scopes, named, counted, and given back. V8 knows nothing of it and frees it far too
 * late, so every buffer is destroyed by hand.
 */
import { ClearstackError } from "shared/errors.ts";
import { withErrorScopes } from "./error_scopes.ts";

/** A buffer to allocate. */
export interface BufferRequest {
  readonly name: string;
  readonly bytes: number;
  readonly usage: GPUBufferUsageFlags;
}

/** Named buffers of one device. */
export class DeviceBuffers {
  readonly #buffers: ReadonlyMap<string, GPUBuffer>;

  private constructor(buffers: ReadonlyMap<string, GPUBuffer>) {
    this.#buffers = buffers;
  }

  /**
   * Allocates all buffers or none.
   *
   * @throws {ClearstackError} `device-memory` with the bytes that were needed
   */
  static async allocate(device: GPUDevice, requests: readonly BufferRequest[]): Promise<DeviceBuffers> {
    const bytes = requests.reduce((sum, request) => sum + request.bytes, 0);
    const buffers = new Map<string, GPUBuffer>();
    const allocated = new DeviceBuffers(buffers);
    try {
      await withErrorScopes(device, { what: `allocating ${requests.length} buffers`, bytes }, () => {
        for (const { name, bytes, usage } of requests) {
          buffers.set(name, device.createBuffer({ label: name, size: bytes, usage }));
        }
      });
      return allocated;
    } catch (error) {
      allocated.destroy();
      throw error;
    }
  }

  /** The buffer of this name. */
  get(name: string): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new ClearstackError("internal", `no device buffer is called ${name}`);
    return buffer;
  }

  /** Sum of the sizes of all buffers. */
  get bytes(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Gives all memory back; safe to call twice. */
  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
  }
}
