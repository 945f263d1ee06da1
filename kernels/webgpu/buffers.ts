/**
 * Device memory: allocated under error scopes, named, counted, and given back. V8 knows nothing of it and frees it far too
 * late, so every buffer is destroyed by hand.
 */
import { ClearstackError } from "shared/errors.ts";

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
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const buffers = new DeviceBuffers(
      new Map(requests.map(({ name, bytes, usage }) => [
        name,
        device.createBuffer({ label: name, size: bytes, usage }),
      ])),
    );
    const outOfMemory = await device.popErrorScope();
    const invalid = await device.popErrorScope();
    const error = outOfMemory ?? invalid;
    if (!error) return buffers;
    buffers.destroy();
    const bytes = requests.reduce((sum, request) => sum + request.bytes, 0);
    throw new ClearstackError(
      "device-memory",
      `the GPU could not allocate ${bytes} bytes in ${requests.length} buffers (${error.message}); use smaller tiles`,
    );
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
