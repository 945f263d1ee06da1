/**
 * Times passes by the clock of the device, which knows nothing of what the host does meanwhile.
 */
import type { PassShare } from "kernels/deconvolver.ts";
import { encodePasses, type PreparedPass } from "./encoder.ts";

/** Bytes of two timestamps. */
const BYTES = 16;

/** A clock; a device without timestamps has none. */
export class PassTimer {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  /** True if the device keeps time. */
  static isAvailable(device: Pick<GPUDevice, "features">): boolean {
    return device.features.has("timestamp-query");
  }

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 });
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#resolved = device.createBuffer({ size: BYTES, usage: QUERY_RESOLVE | COPY_SRC });
    this.#staging = device.createBuffer({ size: BYTES, usage: COPY_DST | MAP_READ });
  }

  /** Runs passes and returns the ticks of the device's clock that they took; some runtimes do not convert them to nanoseconds. */
  async ticks(passes: readonly PreparedPass[]): Promise<number> {
    const encoder = this.#device.createCommandEncoder();
    const timestamps = { querySet: this.#queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    encodePasses(encoder, passes, timestamps);
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, BYTES);
    this.#device.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigUint64Array(this.#staging.getMappedRange());
    this.#staging.unmap();
    return Number(end - begin);
  }

  /** Runs passes one by one and tells which share of the time those of each label took. */
  static async sharesOf(device: GPUDevice, passes: readonly PreparedPass[]): Promise<PassShare[]> {
    const timer = new PassTimer(device);
    try {
      const ticks = new Map<string, number>();
      for (const pass of passes) ticks.set(pass.label, (ticks.get(pass.label) ?? 0) + await timer.ticks([pass]));
      const total = Math.max(1, [...ticks.values()].reduce((sum, value) => sum + value, 0));
      return [...ticks].map(([label, value]) => ({ label, share: value / total }));
    } finally {
      timer.destroy();
    }
  }

  /** Frees what it holds on the device. */
  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
