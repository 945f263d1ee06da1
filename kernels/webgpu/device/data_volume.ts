/**
 * The data as the kernels see them, whichever type they are kept in.
 */
import { uint16Volume, volume, type VoxelPair } from "../stages/row_stages.ts";
import type { Binding } from "../wgsl/shader.ts";

/** Type in which the data are kept: float32, or uint16 as they came. */
export type DataType = "float32" | "uint16";

/** Bytes of one voxel of the data. */
export const DATA_BYTES: Readonly<Record<DataType, number>> = { float32: 4, uint16: 2 };

/** The binding of the data. */
export function dataVolume(dataType: DataType): Binding {
  return dataType === "uint16" ? uint16Volume("data", "read") : volume("data", "read");
}

/** Name of the data of two voxels, a `vec2f`. */
export function loadData(pair: VoxelPair, dataType: DataType): string {
  return dataType === "uint16" ? pair.loadUint16("data") : pair.load("data");
}
