/** Element types and their sizes. */
import type { Dtype } from "shared/contract/image_info.ts";

export function dtypeBytes(dtype: Dtype): number {
  const bits = /\d+$/.exec(dtype)?.[0];
  return bits === undefined ? 1 : Number(bits) / 8;
}
