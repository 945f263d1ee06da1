/** Rules for settings that exclude each other, and for what they demand of the image. */
import type { Algorithm } from "shared/contract/algorithm.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { largestInteger } from "shared/volume/dtype.ts";

/**
 * Refuses settings that contradict each other or the image.
 *
 * @throws {ClearstackError} `invalid-request`, naming the setting and what to give instead
 */
export function refuseContradictions(algorithm: Algorithm, dtype: Dtype): void {
  for (const { when, message } of RULES) {
    if (when(algorithm, dtype)) throw new ClearstackError("invalid-request", message(dtype));
  }
}

/** The value from which data are saturated; undefined where they never are. */
export function saturationLevel({ saturation }: Algorithm, dtype: Dtype): number | undefined {
  if (saturation === "off") return undefined;
  return saturation === "auto" ? largestInteger(dtype) : saturation;
}

interface Rule {
  readonly when: (algorithm: Algorithm, dtype: Dtype) => boolean;
  readonly message: (dtype: Dtype) => string;
}

const RULES: readonly Rule[] = [
  {
    when: ({ saturation }, dtype) => saturation === "auto" && largestInteger(dtype) === undefined,
    message: (dtype) =>
      `saturation auto takes the most that an integer can hold, but the image is ${dtype}: give the value from which it ` +
      "is saturated, or off",
  },
  {
    when: ({ stop, photonsPerUnit }, dtype) => stop === "held-out" && photonsPerUnit === undefined && !isInteger(dtype),
    message: (dtype) =>
      `stop held-out splits photon counts, but the image is ${dtype}: give the photons that one unit stands for ` +
      "(--photons-per-unit), or another rule to stop",
  },
  {
    when: ({ dampingSigmas, photonsPerUnit }, dtype) =>
      dampingSigmas > 0 && photonsPerUnit === undefined && !isInteger(dtype),
    message: (dtype) =>
      `damping measures by the noise of photon counts, but the image is ${dtype}: give the photons that one unit stands ` +
      "for (--photons-per-unit)",
  },
  {
    when: ({ stop, acceleration, backProjector }) =>
      stop === "noise" && (acceleration === "none" || backProjector !== "matched"),
    message: () =>
      "stop noise counts accelerated iterations of the matched back-projector: give acceleration shb or biggs, or a number of " +
      "iterations",
  },
  {
    when: ({ stop, saturation }) => stop === "held-out" && saturation !== "off",
    message: () =>
      "stop held-out needs counted photons, which saturated voxels do not tell: leave saturation off, or stop by divergence",
  },
  {
    when: ({ stop, stopTolerance }) => stop !== "divergence" && stopTolerance !== undefined,
    message: () => "a stop tolerance belongs to stop divergence: give both (--stop divergence), or neither",
  },
  {
    when: ({ totalVariation, totalVariationSmoothing }) =>
      totalVariation === 0 && totalVariationSmoothing !== undefined,
    message: () => "a smoothing belongs to total variation: give its weight too (--tv 0.002), or neither",
  },
  // Before acceleration, which follows from the boundary where nobody names it.
  {
    when: ({ boundary, backProjector }) => boundary === "non-circulant" && backProjector !== "matched",
    message: () =>
      "the Wiener-Butterworth back-projector cannot leave voxels unobserved: give another boundary than non-circulant, or " +
      "the matched back-projector",
  },
  {
    when: ({ acceleration, backProjector }) => acceleration === "shb" && backProjector !== "matched",
    message: () =>
      "the Wiener-Butterworth back-projector diverges with acceleration shb: give acceleration none or biggs, or the " +
      "matched back-projector",
  },
  {
    when: ({ keepEmpty, emptyBelow }) => keepEmpty && emptyBelow !== undefined,
    message: () =>
      "a value below which boxes count as empty belongs to leaving empty boxes out: give one of --empty-below and --keep-empty",
  },
  {
    when: ({ stop, backProjector }) => stop === "divergence" && backProjector !== "matched",
    message: () =>
      "the Wiener-Butterworth back-projector does not lower the I-divergence step by step, so it cannot tell when to " +
      "stop: give stop fixed or held-out",
  },
];

function isInteger(dtype: Dtype): boolean {
  return largestInteger(dtype) !== undefined;
}
