/** From values to the integers that stand for them. */
import type { Clipping, Intensity, StoredArray } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { partLayout } from "shared/volume/copy_box.ts";
import { largestInteger } from "shared/volume/dtype.ts";
import type { Box } from "shared/volume/geometry.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";

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
export function quantise(values: Float32Array, array: StoredArray): StoredVoxels {
  const form = integerForm(array);
  if (form === undefined) return { values };
  const stored = new VOXEL_ARRAYS[form.dtype](values.length);
  const whole: Box = { start: [0, 0, 0], shape: [1, 1, values.length] };
  return { values: stored, clipping: quantiseCore(stored, { values, box: whole, core: whole, ...form }) };
}

/**
 * The integers that an array stores, and what they stand for; undefined for floats.
 *
 * @throws {ClearstackError} `internal` for an array of integers of which nobody has decided that
 */
export function integerForm({ dtype, intensity }: StoredArray): IntegerForm | undefined {
  if (dtype === "float32") return undefined;
  if (intensity !== undefined && (dtype === "uint16" || dtype === "uint8")) return { dtype, intensity };
  throw new ClearstackError("internal", `what ${dtype} of the output stands for was not decided`);
}

interface IntegerForm {
  readonly dtype: "uint16" | "uint8";
  readonly intensity: Intensity;
}

/** Values of a box, and what to make of them. */
interface QuantisedCore extends IntegerForm {
  /** Finite, of the box, x contiguous; they are only read. */
  readonly values: Float32Array;
  readonly box: Box;
  /** Part of the box. */
  readonly core: Box;
}

/** Does what {@link quantise} does for the core of a box. @param stored receives the integers of the core, x contiguous */
export function quantiseCore(
  stored: Uint16Array | Uint8Array,
  { values, box, core, dtype, intensity }: QuantisedCore,
): Clipping {
  const [depth, height, width] = core.shape;
  const { offset, strides: [alongZ, alongY] } = partLayout(box, core);
  const most = largestInteger(dtype)!;
  let clipping: Clipping = { below: 0, above: 0, least: Infinity, largest: -Infinity };
  for (let row = 0; row < depth * height; row++) {
    const from = offset + Math.floor(row / height) * alongZ + (row % height) * alongY;
    const ofRow = fill(stored, row * width, values, { ...intensity, most, from, length: width });
    clipping = {
      below: clipping.below + ofRow.below,
      above: clipping.above + ofRow.above,
      least: Math.min(clipping.least, ofRow.least),
      largest: Math.max(clipping.largest, ofRow.largest),
    };
  }
  return clipping;
}

/** A loop of its own, which is compiled for it: it runs over every voxel. @param to place of the first of `length` integers */
function fill(
  stored: Uint16Array | Uint8Array,
  to: number,
  values: Float32Array,
  { scale, offset, most, from, length }: Intensity & Readonly<Record<"most" | "from" | "length", number>>,
): Clipping {
  let [below, above, least, largest] = [0, 0, Infinity, -Infinity];
  const end = most + 0.5;
  for (let index = 0; index < length; index++) {
    const value = values[from + index]!;
    if (value < least) least = value;
    if (value > largest) largest = value;
    const steps = (value - offset) / scale;
    if (steps >= end) {
      stored[to + index] = most;
      above++;
    } else if (steps >= -0.5) stored[to + index] = steps + 0.5; // the array drops the fraction
    else {
      stored[to + index] = 0;
      below++;
    }
  }
  return { below, above, least, largest };
}
