/**
 * The limits of a GPU that decide how kernels are cut.
 */

/** Limits read from the adapter and asked of the device; the names are those of `GPUSupportedLimits`. */
const LIMIT_NAMES = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "minStorageBufferOffsetAlignment",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Bytes, counts and alignments that kernels keep to. */
export type GpuLimits = Readonly<Record<typeof LIMIT_NAMES[number], number>>;

/** Limits that every WebGPU device offers without being asked. */
export const DEFAULT_LIMITS: GpuLimits = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
  minStorageBufferOffsetAlignment: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
};

/**
 * What kernels keep to beyond an adapter's limits. Metal lets a pipeline that takes many registers run in fewer invocations than
 * the device has, which WebGPU does not tell, and skips what exceeds them.
 *
 * @param platform as `navigator.platform` gives it
 */
export function platformCaps(platform: string): Partial<GpuLimits> {
  return platform.startsWith("Mac") ? { maxComputeInvocationsPerWorkgroup: 256 } : {};
}

/** The smaller of two sets of limits, name by name. */
export function cappedLimits(limits: GpuLimits, caps: Partial<GpuLimits>): GpuLimits {
  const capped = LIMIT_NAMES.map((name) => [name, Math.min(limits[name], caps[name] ?? Infinity)] as const);
  return Object.fromEntries(capped) as GpuLimits;
}
