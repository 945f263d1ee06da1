/** Memory for voxels of each type. */
import type { Dtype } from "shared/contract/image_info.ts";

/** The array that holds voxels of a type; bool is one byte each, 0 or 1. */
export const VOXEL_ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<Dtype, unknown>;
