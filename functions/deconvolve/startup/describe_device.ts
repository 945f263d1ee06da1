/** Describes this process's device for the planner. */
import { chooseBackend } from "kernels/backend.ts";
import { probeWebGpu } from "kernels/webgpu/device/probe_webgpu.ts";
import type { Config } from "shared/config.ts";
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";

/** A choice with the number of boxes that the settings ask for, which is only theirs to say where there is a GPU. */
export function withBoxesAtOnce<Chosen extends { readonly backend: string; readonly boxesAtOnce: number }>(
  chosen: Chosen,
  { boxesAtOnce = chosen.boxesAtOnce }: Pick<Config, "boxesAtOnce">,
): Chosen {
  return chosen.backend === "webgpu" ? { ...chosen, boxesAtOnce } : chosen;
}

/**
 * Chooses the backend and describes it.
 *
 * @throws {ClearstackError} `no-device` if the choice cannot be met
 */
export async function describeDevice(choice: BackendChoice, config: Config): Promise<Device> {
  const chosen = await chooseBackend(choice);
  const { hostBytes, deviceBytes } = config;
  const device = { ...withBoxesAtOnce(chosen, config), hostBytes, deviceBytes, computeOnHost: true };
  const report = chosen.backend === "webgpu" ? await probeWebGpu() : undefined;
  if (!report?.available) return device;
  return { ...device, computeOnHost: report.isFallbackAdapter, gpuLimits: { ...report.limits } };
}
