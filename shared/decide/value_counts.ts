/** Counts of an image's values that tell whether the camera clipped them, or stored them with an offset. */
import type { Dtype } from "shared/contract/image_info.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { ValueCounts } from "shared/contract/tile.ts";
import { largestInteger } from "shared/volume/dtype.ts";
import { type Box, mapAxes } from "shared/volume/geometry.ts";

/** Voxels below the largest value count as near it from this share of it on. */
const NEAR = 0.9;

/** Fewer voxels than this may share the largest value by chance. */
const MIN_CLIPPED = 8;

/** Counts so small are photons, and no camera clips there. */
const MAX_PHOTONS = 3;

/** Negative values that noise about 0 leaves: half of an empty image, and some more. */
const MAX_NEGATIVE = 0.6;

/**
 * Counts the values of the core of a box.
 *
 * @param values of the box, x contiguous
 * @param offset that was added to them
 */
export function countValues(
  values: Float32Array | Uint16Array,
  { box, core, dtype, offset = 0 }: {
    readonly box: Box;
    readonly core: Box;
    readonly dtype: Dtype;
    readonly offset?: number | undefined;
  },
): ValueCounts {
  const start = mapAxes((axis) => core.start[axis] - box.start[axis]);
  const eachRow = (visit: (first: number, end: number, row: number) => void) => {
    for (let z = 0; z < core.shape[0]; z++) {
      for (let y = 0; y < core.shape[1]; y++) {
        const first = ((start[0] + z) * box.shape[1] + start[1] + y) * box.shape[2] + start[2];
        visit(first, first + core.shape[2], z * core.shape[1] + y);
      }
    }
  };
  let [negative, largest, atLargest, nearLargest] = [0, -Infinity, 0, 0];
  // Few rows hold what is bright, and only those are looked at twice.
  const brightest = new Float32Array(core.shape[0] * core.shape[1]);
  const neverBelow = offset === 0 && values instanceof Uint16Array;
  eachRow((first, end, row) => {
    const most = largestOf(values, first, end);
    brightest[row] = most;
    if (most > largest) largest = most;
    if (!neverBelow) negative += countBelow(values, offset, first, end);
  });
  const least = nearFrom(largest - offset, dtype) + offset;
  eachRow((first, end, row) => {
    if (brightest[row]! < least && brightest[row]! < largest) return;
    for (let index = first; index < end; index++) {
      if (values[index]! === largest) atLargest++;
      else if (values[index]! >= least) nearLargest++;
    }
  });
  const voxels = core.shape.reduce((product, side) => product * side, 1);
  return { voxels, negative, largest: largest - offset, atLargest, nearLargest };
}

function largestOf(values: Float32Array | Uint16Array, first: number, end: number): number {
  let largest = -Infinity;
  for (let index = first; index < end; index++) {
    if (values[index]! > largest) largest = values[index]!;
  }
  return largest;
}

function countBelow(values: Float32Array | Uint16Array, limit: number, first: number, end: number): number {
  let below = 0;
  for (let index = first; index < end; index++) {
    if (values[index]! < limit) below++;
  }
  return below;
}

/** Of whole numbers, two values at least. */
function nearFrom(largest: number, dtype: Dtype): number {
  return largestInteger(dtype) === undefined ? NEAR * largest : Math.min(NEAR * largest, largest - 2);
}

/** Counts of two parts; what is near counts where the larger value was reached. */
export function joinCounts(one: ValueCounts, other: ValueCounts): ValueCounts {
  const largest = Math.max(one.largest, other.largest);
  const reached = [one, other].filter((part) => part.largest === largest);
  const sum = (parts: readonly ValueCounts[], of: keyof ValueCounts) =>
    parts.reduce((total, part) => total + part[of], 0);
  return {
    voxels: one.voxels + other.voxels,
    negative: one.negative + other.negative,
    largest,
    atLargest: sum(reached, "atLargest"),
    nearLargest: sum(reached, "nearLargest"),
  };
}

/** The image that counts are of. */
interface CountedImage {
  readonly dtype: Dtype;
  /** ` of channel 1 (GFP)`, or nothing. */
  readonly which: string;
  /** From which value on the model takes data as saturated. */
  readonly saturation: number | undefined;
  /** True if a background below 0 was taken off. */
  readonly hasOffset: boolean;
}

/**
 * What the counts tell. Light has ever fewer voxels towards its largest value; where the camera clips, all that is brighter stands
 * at one value, more than there are just below, be it the type's largest or that of a camera with fewer bits.
 */
export function valueWarnings(counts: ValueCounts, image: CountedImage): Warning[] {
  return [...clipped(counts, image), ...negative(counts, image)];
}

function clipped(
  { voxels, largest, atLargest, nearLargest }: ValueCounts,
  { dtype, which, saturation = Infinity }: CountedImage,
): Warning[] {
  const most = largestInteger(dtype);
  const isFull = largest === most;
  const stands = atLargest >= MIN_CLIPPED && atLargest > nearLargest &&
    largest > (most === undefined ? 0 : MAX_PHOTONS);
  if (saturation <= largest || 2 * atLargest > voxels || !(isFull || stands)) return [];
  const why = isFull ? `the most that ${dtype} holds` : "and fewer lie just below it";
  return [{
    code: "image-clipped",
    level: "warning",
    message:
      `clipped: ${atLargest} voxels${which} (${
        percent(atLargest / voxels)
      }) have the value ${largest}, ${why}: the camera ` +
      `could not count more; --saturation ${largest} lets the model be brighter there`,
    value: atLargest,
    limit: 0,
  }];
}

function negative({ voxels, negative }: ValueCounts, { which, hasOffset }: CountedImage): Warning[] {
  const share = negative / voxels;
  if (hasOffset || share <= MAX_NEGATIVE) return [];
  return [{
    code: "image-negative",
    level: "warning",
    message:
      `negative: ${
        percent(share)
      } of the voxels${which} are below 0 and count as 0; where values have an offset, give it ` +
      "as a negative --background, or --background auto for signed integers",
    value: share,
    limit: MAX_NEGATIVE,
  }];
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
