/**
 * How much device memory a WebGPU deconvolver takes, in named terms, without a device.
 */
import { type Vec3, voxelCount } from "shared/geometry.ts";
import type { DeconvolverOptions } from "../deconvolver.ts";
import { MEASUREMENTS } from "./measurement.ts";
import { volumeBytes } from "./program_buffers.ts";
import { programOptions } from "./rl_program.ts";
import { STAGING_BYTES } from "./transfer.ts";

/** Bytes by what they are for. */
export interface DeviceBytes {
  /**
   * Estimate, data, spectrum and OTF, 16 bytes per voxel, or 14 with uint16 data. Non-circulant edges, total variation, the unmatched
   * projector and each volume of an acceleration (shb 1, biggs 2) add 4.
   */
  readonly volumes: number;
  /** Buffers for reading results back, at most 64 MiB. */
  readonly staging: number;
  /** Tables and partial sums. */
  readonly small: number;
  readonly total: number;
}

/** Bytes that a deconvolver of this box allocates, within 5 %; the first run with held-out photons adds 4 per voxel. */
export function webGpuDeviceBytes(box: Vec3, options: Omit<DeconvolverOptions, "box" | "psf">): DeviceBytes {
  const voxels = voxelCount(box);
  const volumes = voxels * Object.values(volumeBytes(programOptions(options))).reduce((sum, bytes) => sum + bytes, 0);
  const staging = Math.min(4 * voxels, STAGING_BYTES);
  // One pair of sums for every pair of rows at most.
  const small = 8 * (box[0] + box[1] + box[2]) + 4 * box[0] * box[1] + MEASUREMENTS.bytes;
  return { volumes, staging, small, total: volumes + staging + small };
}
