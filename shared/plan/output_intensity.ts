/** What the integers of an output stand for, and what is told where its range did not hold all values. */
import {
  type Clipping,
  type Intensity,
  type OutputDtype,
  type Range,
  rangeFromZero,
} from "shared/contract/stored_array.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import { ClearstackError } from "shared/errors.ts";
import { largestInteger } from "shared/volume/dtype.ts";

/** An automatic range is this much wider than the largest value of the tiles that were looked at. */
const HEADROOM = 1.5;

/** Share of the voxels that may be clipped unsaid: saturated specks. */
const MAX_CLIPPED = 1e-4;

/** Digits of a range that is proposed. */
const DIGITS = 4;

type PlannedIntensity = Pick<Plan, "outputDtype" | "outputRange" | "decisions">;

/** True where the range of integers is left to be decided before the first tile. */
export function needsRange({ outputDtype, outputRange }: Omit<PlannedIntensity, "decisions">): boolean {
  return outputDtype !== "float32" && (outputRange ?? "auto") === "auto";
}

/**
 * The range of the whole image, of all channels alike, so that a stored number means the same everywhere. The estimate of a model of
 * light is nowhere below 0.
 *
 * @param largest value of the tiles that were looked at
 */
export function automaticRange(largest: number, dtype: OutputDtype): Range {
  // Where all of them are dark, steps of 1, as counts have.
  return rangeFromZero(largest > 0 ? HEADROOM * largest : largestInteger(dtype)!);
}

/**
 * Refuses a range of which no value can come out: estimates are nowhere below 0, so all voxels would be stored as its end.
 *
 * @throws {ClearstackError} `invalid-request`
 */
export function refuseDarkRange({ dtype, range }: JobRequest["output"]): void {
  if (dtype === "float32" || !Array.isArray(range) || range[1] > 0) return;
  const [lo, hi] = range;
  throw new ClearstackError(
    "invalid-request",
    `a range ends above 0, below which no value of an estimate is: of ${lo} to ${hi} all voxels would be stored as ${hi}`,
    { path: "output.range", value: [lo, hi] },
  );
}

/** The range that was asked for or decided; undefined for floats, and where it is still to be decided. */
export function decidedRange({ outputDtype, outputRange, decisions }: PlannedIntensity): Range | undefined {
  if (outputDtype === "float32") return undefined;
  return outputRange === undefined || outputRange === "auto" ? decisions?.range : outputRange;
}

/** What the integers of the output stand for; undefined for floats, and where it is still to be decided. */
export function outputIntensity(plan: PlannedIntensity): Intensity | undefined {
  const range = decidedRange(plan);
  if (range === undefined) return undefined;
  const [lo, hi] = range;
  return { scale: (hi - lo) / largestInteger(plan.outputDtype)!, offset: lo, unit: "source" };
}

/** What the clipping of all tiles tells of the range. */
export function clippingWarnings(
  { below, above, least, largest }: Clipping,
  plan: PlannedIntensity & Pick<Plan, "voxels">,
): Warning[] {
  const share = (below + above) / plan.voxels;
  const range = decidedRange(plan);
  if (range === undefined || share <= MAX_CLIPPED) return [];
  const [lo, hi] = range;
  const wide = [below > 0 ? -roundedUp(-least) : lo, above > 0 ? roundedUp(largest) : hi];
  return [{
    code: "output-clipped",
    level: "warning",
    message: `clipped: ${below + above} voxels (${Number((100 * share).toPrecision(2))} %) of the output lie outside ` +
      `its range of ${lo} to ${hi} and are stored as its ends; --range ${wide.join(",")} holds them all`,
    value: share,
    limit: MAX_CLIPPED,
  }];
}

/** The next number of few digits that is not below this one. */
function roundedUp(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log10(Math.abs(value))) - DIGITS + 1;
  const digits = Math.ceil(exponent < 0 ? value * 10 ** -exponent : value / 10 ** exponent);
  return Number(`${digits}e${exponent}`);
}
