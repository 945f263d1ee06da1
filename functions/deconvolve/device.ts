/** What this process computes on, as the planner must know it. */
import { chooseBackend } from "kernels/backend.ts";
import { probeWebGpu } from "kernels/webgpu/probe_webgpu.ts";
import type { Config } from "shared/config.ts";
import type { BackendChoice } from "shared/contract/backend.ts";
import type { Device } from "shared/engine/device.ts";

/**
 * Chooses the backend and describes it.
 *
 * @throws {ClearstackError} `no-device` if the choice cannot be met
 */
export async function describeDevice(choice: BackendChoice, config: Config): Promise<Device> {
  const chosen = await chooseBackend(choice);
  const { hostBytes, deviceBytes } = config;
  const device = { ...chosen, hostBytes, deviceBytes, computeOnHost: true };
  const report = chosen.backend === "webgpu" ? await probeWebGpu() : undefined;
  if (!report?.available) return device;
  return { ...device, computeOnHost: report.isFallbackAdapter, gpuLimits: { ...report.limits } };
}
