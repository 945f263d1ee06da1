/**
 * How much device memory a WebGPU deconvolver takes, in named terms, without a device.
 */
import { type Vec3, voxelCount } from "shared/geometry.ts";
import { type ProgramOptions, volumeNames } from "./rl_program.ts";
import { STAGING_BYTES } from "./transfer.ts";

/** Bytes by what they are for. */
export interface DeviceBytes {
  /** Float32 volumes: estimate, data, spectrum and OTF, 16 bytes per voxel; weights and acceleration add 4 each. */
  readonly volumes: number;
  /** Buffers for reading results back, at most 64 MiB. */
  readonly staging: number;
  /** Tables and partial sums. */
  readonly small: number;
  readonly total: number;
}

/** Bytes that a deconvolver of this box allocates, within 5 %. */
export function webGpuDeviceBytes(box: Vec3, options: ProgramOptions): DeviceBytes {
  const volumeBytes = 4 * voxelCount(box);
  const volumes = volumeBytes * volumeNames(options).length;
  const staging = Math.min(volumeBytes, STAGING_BYTES);
  const tables = 8 * (box[0] + box[1] + box[2]);
  // One pair of sums for every pair of rows at most.
  const sums = options.acceleration === "biggs" ? 4 * box[0] * box[1] : 0;
  return { volumes, staging, small: tables + sums, total: volumes + staging + tables + sums };
}
