/** The kernels' claim on memory for a box, as the planner asks for it. */
import { cpuComputeBytes } from "kernels/cpu/memory_layout.ts";
import { webGpuDeviceBytes } from "kernels/webgpu/device_bytes.ts";
import { boxLayout } from "kernels/webgpu/layout.ts";
import type { GpuLimits } from "kernels/webgpu/limits.ts";
import type { JobRequest, MemoryTerms } from "shared/contract.ts";
import type { Device } from "shared/engine/device.ts";
import type { Vec3 } from "shared/geometry.ts";
import { formatVec3 } from "shared/geometry.ts";

/**
 * The claim of a job's kernels on a device, in named terms, bytes; it throws `over-budget` for a box that the kernels cannot
 * take however much memory there is.
 */
export function computeClaim(device: Device, { algorithm }: JobRequest): (box: Vec3) => MemoryTerms {
  const options = { acceleration: algorithm.acceleration, nonCirculant: algorithm.boundary === "non-circulant" };
  const claims = new Map<string, MemoryTerms>();
  return (box) => {
    const key = formatVec3(box);
    const claim = claims.get(key) ?? (device.backend === "cpu" ? cpuTerms(box) : gpuTerms(box));
    claims.set(key, claim);
    return claim;
  };

  function cpuTerms(box: Vec3): MemoryTerms {
    return cpuComputeBytes(box, { ...options, threads: Math.max(1, navigator.hardwareConcurrency) }).terms;
  }

  function gpuTerms(box: Vec3): MemoryTerms {
    if (device.gpuLimits) boxLayout(box, device.gpuLimits as GpuLimits);
    const { total: _, ...terms } = webGpuDeviceBytes(box, options);
    return terms;
  }
}
