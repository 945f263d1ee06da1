/** How many workgroups a streaming multiprocessor holds at once. */

/** What a kernel takes of a multiprocessor. */
interface KernelNeeds {
  readonly threads: number;
  readonly registersPerThread: number;
  /** Bytes of a workgroup. */
  readonly sharedBytes: number;
}

/** What a multiprocessor has; names as in "CUDA C++ Programming Guide", table of technical specifications. */
interface Multiprocessor {
  readonly threads: number;
  readonly workgroups: number;
  readonly registers: number;
  readonly sharedBytes: number;
}

/** Compute capability 9.0: H100, H200. */
const SM_90: Multiprocessor = { threads: 2048, workgroups: 32, registers: 65_536, sharedBytes: 228 * 1024 };

const WARP = 32;

/** Registers are handed to warps in units of so many, by each of the four partitions from its own quarter. */
const REGISTER_UNIT = 256;
const PARTITIONS = 4;

/** Bytes of shared memory that the system keeps of every workgroup. */
const RESERVED_BYTES = 1024;

/** Workgroups that fit at once, bounded by whatever runs out first. */
export function workgroupsPerMultiprocessor({ threads, registersPerThread, sharedBytes }: KernelNeeds): number {
  const warps = Math.ceil(threads / WARP);
  const registersPerWarp = Math.ceil((registersPerThread * WARP) / REGISTER_UNIT) * REGISTER_UNIT;
  const warpsByRegisters = Math.floor(SM_90.registers / PARTITIONS / registersPerWarp) * PARTITIONS;
  return Math.min(
    SM_90.workgroups,
    Math.floor(SM_90.threads / (warps * WARP)),
    Math.floor(warpsByRegisters / warps),
    Math.floor(SM_90.sharedBytes / (sharedBytes + RESERVED_BYTES)),
  );
}
