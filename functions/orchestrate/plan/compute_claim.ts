/** The kernels' claim on memory for a box, as the planner asks for it. */
import { memoryLayout } from "kernels/cpu/memory_layout.ts";
import { webGpuDeviceBytes } from "kernels/webgpu/device/device_bytes.ts";
import { boxLayout } from "kernels/webgpu/program/layout.ts";
import type { GpuLimits } from "kernels/webgpu/device/limits.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { MemoryTerms } from "shared/contract/plan.ts";
import type { Device } from "shared/contract/device.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { ClearstackError } from "shared/errors.ts";
import { voxelOffset } from "shared/plan/tile_algorithm.ts";
import { boxDataType } from "shared/image/read/box_data_type.ts";

/** Inputs of the claim besides device and request. */
export interface ClaimInputs {
  /** Storage of the source. */
  readonly dtype: Dtype;
  /** True if the PSF is centro-symmetric, so that a GPU keeps no imaginary parts of its transform. */
  readonly symmetricPsf: boolean;
}

/** The address space of 32-bit WebAssembly. */
const CPU_BYTES = 2 ** 32;

/**
 * The claim of a job's kernels on a device, in named terms, bytes; it throws `over-budget` for a box that the kernels cannot
 * take however much memory there is.
 */
export function computeClaim(
  device: Device,
  { algorithm }: JobRequest,
  { dtype, symmetricPsf }: ClaimInputs,
): (box: Vec3) => MemoryTerms {
  const options = { ...algorithm, nonCirculant: algorithm.boundary === "non-circulant" };
  const holdsOut = algorithm.stop === "held-out";
  const claims = new Map<string, MemoryTerms>();
  return (box) => {
    const key = formatVec3(box);
    const claim = claims.get(key) ?? (device.backend === "cpu" ? cpuTerms(box) : gpuTerms(box));
    claims.set(key, claim);
    return claim;
  };

  function cpuTerms(box: Vec3): MemoryTerms {
    const layout = memoryLayout(box, { ...options, threads: Math.max(1, navigator.hardwareConcurrency) });
    if (!holdsOut) return layout.bytes.terms;
    const heldOut = box[0] * layout.imagePlanePitch;
    if (layout.bytes.total + heldOut <= CPU_BYTES) return { ...layout.bytes.terms, heldOut };
    throw new ClearstackError(
      "over-budget",
      `a box of ${formatVec3(box)} voxels with held-out photons does not fit the 4 GiB of one WebAssembly ` +
        `memory; use a smaller tile`,
      { need: layout.bytes.total + heldOut, limit: CPU_BYTES },
    );
  }

  function gpuTerms(box: Vec3): MemoryTerms {
    if (device.gpuLimits) boxLayout(box, device.gpuLimits as GpuLimits);
    // The photons that a split keeps are float32.
    const dataType = holdsOut
      ? "float32"
      : boxDataType({ ...algorithm, dtype, offset: voxelOffset(algorithm.background) });
    const { total: _, ...terms } = webGpuDeviceBytes(box, { ...options, dataType, symmetricPsf });
    return holdsOut ? { ...terms, heldOut: 4 * voxelCount(box) } : terms;
  }
}
