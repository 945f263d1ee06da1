/**
 * Device memory of a WebGPU deconvolver in named terms, found without a device.
 */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { MEASUREMENTS_BYTES } from "../stages/measurement.ts";
import { volumeBytes } from "../program/program_buffers.ts";
import { type MethodOptions, programOptions } from "../program/rl_program.ts";
import { STAGING_BYTES } from "./transfer.ts";

/** Bytes by what they are for. */
interface DeviceBytes {
  /**
   * Estimate, data, spectrum and OTF, 4 bytes per voxel each; uint16 data take 2, an OTF half as much if it is real and half as
   * much as float16, so 16 bytes in all come down to 11. Non-circulant edges, total variation, the unmatched
   * projector, held-out photons and each volume of an acceleration (shb 1, biggs 2) add 4.
   */
  readonly volumes: number;
  /** Buffers for reading results back, at most 64 MiB. */
  readonly staging: number;
  /** Tables, partial sums and column 0 of the OTF. */
  readonly small: number;
  readonly total: number;
}

/** Options that decide how much memory a deconvolver takes. */
interface DeviceBytesOptions extends MethodOptions {
  /** True if there will be runs with held-out photons. @default {false} */
  readonly heldOut?: boolean;
}

/** Bytes that a deconvolver of this box allocates, within 5 %. */
export function webGpuDeviceBytes(box: Vec3, options: DeviceBytesOptions): DeviceBytes {
  const voxels = voxelCount(box);
  const bytesPerVoxel = Object.values(volumeBytes(programOptions(options))).reduce((sum, bytes) => sum + bytes, 0);
  const volumes = voxels * (bytesPerVoxel + (options.heldOut ? 4 : 0));
  const staging = Math.min(4 * voxels, STAGING_BYTES);
  const rows = box[0] * box[1];
  const otfs = options.backProjector === "wiener-butterworth" ? 2 : 1;
  // Twiddles; one pair of sums for every pair of rows at most; column 0 of each OTF; measurements and their staging.
  const small = 8 * (box[0] + box[1] + box[2]) + 4 * rows + 8 * rows * otfs + 2 * MEASUREMENTS_BYTES;
  return { volumes, staging, small, total: volumes + staging + small };
}
