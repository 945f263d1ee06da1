/** Least and largest values. */
import type { ValueRange } from "shared/contract/stored_array.ts";
import type { ChunkValues } from "shared/image/image.ts";

export const NO_VALUES: ValueRange = { least: null, largest: null };

/** The range of these values; integers of 64 bits as the nearest number. By index: an iterator takes three times as long. */
export function valueRange(values: ChunkValues): ValueRange {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return rangeOfBig(values);
  let [least, largest] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value < least && value > -Infinity) least = value;
    if (value > largest && value < Infinity) largest = value;
  }
  return { least: least < Infinity ? least : null, largest: largest > -Infinity ? largest : null };
}

/** The range of the voxels of two ranges. */
export function joinRanges(one: ValueRange, other: ValueRange): ValueRange {
  return {
    least: one.least === null || other.least === null ? one.least ?? other.least : Math.min(one.least, other.least),
    largest: one.largest === null || other.largest === null
      ? one.largest ?? other.largest
      : Math.max(one.largest, other.largest),
  };
}

function rangeOfBig(values: BigInt64Array | BigUint64Array): ValueRange {
  if (values.length === 0) return NO_VALUES;
  let [least, largest] = [values[0]!, values[0]!];
  for (let index = 1; index < values.length; index++) {
    const value = values[index]!;
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return { least: Number(least), largest: Number(largest) };
}
