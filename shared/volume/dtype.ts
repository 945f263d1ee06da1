/** Element types and their sizes. */
import type { Dtype } from "shared/contract/image_info.ts";

export function dtypeBytes(dtype: Dtype): number {
  const bits = /\d+$/.exec(dtype)?.[0];
  return bits === undefined ? 1 : Number(bits) / 8;
}

/** The largest value of an integer type, rounded to a double; undefined for other types. */
export function largestInteger(dtype: Dtype): number | undefined {
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(dtype) ?? [];
  return bits === undefined ? undefined : 2 ** (Number(bits) - (unsigned ? 0 : 1)) - 1;
}
