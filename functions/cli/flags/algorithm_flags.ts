/** The flags that say how to deconvolve. */
import {
  AccelerationSchema,
  type Algorithm,
  ALGORITHM_RANGES,
  BackProjectorSchema,
  BoundarySchema,
  OtfPrecisionSchema,
  StopRuleSchema,
} from "shared/contract/algorithm.ts";
import { finiteNumber, oneOf, refuseValue, wholeNumber } from "./argument_values.ts";
import type { ValueFlag } from "./job_flag.ts";

const MAX_ITERATIONS = 100_000;
const MAX_SEED = 2 ** 32 - 1;
const STARTS = ["data", "flat"] as const;

/** Flags of the algorithm. */
export const ALGORITHM_FLAGS = {
  "iterations": whole("iterations", [1, MAX_ITERATIONS]),
  "boundary": word("boundary", BoundarySchema.options),
  "boundary-value": {
    ...number("boundaryValue", "a number", () => true),
    beside: { flag: "boundary", at: "algorithm.boundary", value: "constant" },
  },
  "acceleration": word("acceleration", AccelerationSchema.options),
  "start": word("start", STARTS),
  "background": number("background", "a number of at least 0, or auto", (value) => value >= 0, ["auto"]),
  "tv": atMost("totalVariation", ALGORITHM_RANGES.totalVariation),
  "back-projector": word("backProjector", BackProjectorSchema.options),
  "otf-precision": word("otfPrecision", OtfPrecisionSchema.options),
  "damping": atMost("dampingSigmas", ALGORITHM_RANGES.dampingSigmas),
  "saturation": number("saturation", "a number above 0, auto or off", (value) => value > 0, ["auto", "off"]),
  "stop": word("stop", StopRuleSchema.options),
  "stop-tolerance": number("stopTolerance", "a number above 0 and at most 1", (value) => value > 0 && value <= 1),
  "photons-per-unit": number("photonsPerUnit", "a number above 0", (value) => value > 0),
  "seed": whole("seed", [0, MAX_SEED]),
} satisfies Record<string, ValueFlag>;

type Setting = keyof Algorithm;

function word(setting: Setting, words: readonly string[]): ValueFlag {
  return {
    at: `algorithm.${setting}`,
    form: `one of ${words.join(", ")}`,
    read: (text, { flag }) => oneOf(flag, text, words),
  };
}

function whole(setting: Setting, range: readonly [number, number]): ValueFlag {
  return {
    at: `algorithm.${setting}`,
    form: `a whole number from ${range[0]} to ${range[1]}`,
    read: (text, { flag, form }) => wholeNumber(flag, text, form, range),
  };
}

function atMost(setting: Setting, most: number): ValueFlag {
  return number(setting, `a number from 0 to ${most}`, (value) => value >= 0 && value <= most);
}

/** A number that meets a condition, or one of a few words. */
function number(
  setting: Setting,
  form: string,
  holds: (value: number) => boolean,
  words: readonly string[] = [],
): ValueFlag {
  return {
    at: `algorithm.${setting}`,
    form,
    read: (text, { flag }) => {
      if (words.includes(text)) return text;
      const value = finiteNumber(flag, text, form);
      return holds(value) ? value : refuseValue(flag, text, form);
    },
  };
}
