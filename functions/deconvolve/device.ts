/** What this process computes on, as the planner must know it. */
import type { Config } from "shared/config.ts";
import type { BackendChoice } from "shared/contract.ts";
import type { Device } from "shared/engine/device.ts";
import { chooseBackend } from "kernels/backend.ts";

/**
 * Chooses the backend and describes it.
 *
 * @throws {ClearstackError} `no-device` if the choice cannot be met
 */
export async function describeDevice(choice: BackendChoice, config: Config): Promise<Device> {
  const { backend, adapter, reason, report } = await chooseBackend(choice);
  const gpu = backend === "webgpu" && report.available ? report : undefined;
  return {
    backend,
    adapter,
    reason,
    hostBytes: config.hostBytes,
    deviceBytes: config.deviceBytes,
    computeOnHost: gpu === undefined || gpu.isFallbackAdapter,
    ...(gpu ? { gpuLimits: { ...gpu.limits } } : {}),
  };
}
