/** From values to the integers that stand for them. */
import type { Clipping, Intensity, StoredArray } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { largestInteger } from "shared/volume/dtype.ts";

/** Voxels as an array stores them. */
export interface StoredVoxels {
  readonly values: Float32Array | Uint16Array | Uint8Array;
  /** Absent for an array of floats, which holds every value. */
  readonly clipping?: Clipping;
}

/**
 * The voxels of an array for these values: themselves where it stores floats, else `round((value - offset) / scale)`, clamped to
 * the type, in memory of their own. No value is off by more than half a step but those that are counted. A voxel depends on its
 * value alone, so it does not matter how an image is cut.
 *
 * @param values finite, in the units of the source; they are only read
 * @throws {ClearstackError} `internal` for an array of integers of which nobody has decided what they stand for
 */
export function quantise(values: Float32Array, { dtype, intensity }: StoredArray): StoredVoxels {
  if (dtype === "float32") return { values };
  if (intensity === undefined || (dtype !== "uint16" && dtype !== "uint8")) {
    throw new ClearstackError("internal", `what ${dtype} of the output stands for was not decided`);
  }
  const stored = new (dtype === "uint16" ? Uint16Array : Uint8Array)(values.length);
  return { values: stored, clipping: fill(stored, values, { ...intensity, most: largestInteger(dtype)! }) };
}

/** A loop of its own, which is compiled for it: it runs over every voxel. @param stored zeros, that receive the integers */
function fill(
  stored: Uint16Array | Uint8Array,
  values: Float32Array,
  { scale, offset, most }: Intensity & { readonly most: number },
): Clipping {
  let [below, above, least, largest] = [0, 0, Infinity, -Infinity];
  const end = most + 0.5;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    least = Math.min(least, value);
    largest = Math.max(largest, value);
    const steps = (value - offset) / scale;
    if (steps >= end) {
      stored[index] = most;
      above++;
    } else if (steps >= -0.5) stored[index] = steps + 0.5; // the array drops the fraction
    else below++;
  }
  return { below, above, least, largest };
}
