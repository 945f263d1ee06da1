/** In which type the voxels of a box are read, kept and handed on. */
import type { Boundary } from "shared/contract/algorithm.ts";
import type { Dtype } from "shared/contract/image_info.ts";

/** Types of the voxels of a box. */
export type BoxDataType = "float32" | "uint16";

interface BoxDataTypeOptions {
  readonly dtype: Dtype;
  readonly boundary: Boundary;
  /** Value outside the image where boundary is `constant`. @default {0} */
  readonly boundaryValue?: number;
  /** Added to every voxel. @default {0} */
  readonly offset?: number | undefined;
}

/** `uint16` where it holds every value that may stand in a box exactly, in half the bytes; `float32` otherwise. */
export function boxDataType({ dtype, boundary, boundaryValue = 0, offset = 0 }: BoxDataTypeOptions): BoxDataType {
  const fits = dtype === "uint16" || dtype === "uint8" || dtype === "bool";
  const fills = boundary !== "constant" ||
    (Number.isInteger(boundaryValue) && boundaryValue >= 0 && boundaryValue <= 65535);
  return fits && fills && offset === 0 ? "uint16" : "float32";
}
