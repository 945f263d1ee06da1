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
  readonly #device: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * Allocates all of the requested buffers or none of them.
   *
   * @throws {ClearstackError} `device-memory` with the bytes that were needed
   */
  async allocate(requests: readonly BufferRequest[]): Promise<void> {
    const bytes = requests.reduce((sum, request) => sum + request.bytes, 0);
    const created = new Map<string, GPUBuffer>();
    try {
      await withErrorScopes(this.#device, { what: `allocating ${requests.length} buffers`, bytes }, () => {
        for (const { name, bytes, usage } of requests) {
          created.set(name, this.#device.createBuffer({ label: name, size: bytes, usage }));
        }
      });
    } catch (error) {
      for (const buffer of created.values()) buffer.destroy();
      throw error;
    }
    for (const [name, buffer] of created) this.#buffers.set(name, buffer);
  }

  /** True if a buffer of this name was allocated. */
  has(name: string): boolean {
    return this.#buffers.has(name);
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
