/** The arguments that say how to deconvolve. */
import type { JobRequest } from "shared/contract/job_request.ts";
import {
  AccelerationSchema,
  ALGORITHM_RANGES,
  BackProjectorSchema,
  BoundarySchema,
  OtfPrecisionSchema,
  StopRuleSchema,
} from "shared/contract/algorithm.ts";
import { finiteNumber, oneOf, refuseValue, wholeNumber } from "./argument_values.ts";
import type { Flag, ParsedArguments } from "./parse_arguments.ts";

type AlgorithmInput = Partial<JobRequest["algorithm"]>;

/** A flag, the setting it stands for, and how its text is read. */
interface AlgorithmFlag extends Flag {
  readonly form: string;
  readonly setting: keyof AlgorithmInput;
  readonly parse: (text: string, flag: string, form: string) => unknown;
}

const MOST_ITERATIONS = 100_000;
const MOST_SEED = 2 ** 32 - 1;
const STARTS = ["data", "flat"] as const;

const FLAGS: Readonly<Record<string, AlgorithmFlag>> = {
  "iterations": whole("iterations", [1, MOST_ITERATIONS]),
  "boundary": word("boundary", BoundarySchema.options),
  "boundary-value": {
    form: "a number",
    setting: "boundaryValue",
    parse: (text, flag, form) => finiteNumber(flag, text, form),
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
  "seed": whole("seed", [0, MOST_SEED]),
};

/** Flags of the algorithm. */
export const ALGORITHM_FLAGS: Readonly<Record<string, Flag>> = FLAGS;

/**
 * The settings that were given; defaults are the contract's alone.
 *
 * @throws {ClearstackError} `invalid-request` naming flag, value and form
 */
export function algorithmFrom(args: ParsedArguments): AlgorithmInput {
  const algorithm: AlgorithmInput = Object.fromEntries(
    Object.entries(FLAGS).flatMap(([flag, { setting, form, parse }]) => {
      const text = args.value(flag);
      return text === undefined ? [] : [[setting, parse(text, flag, form)]];
    }),
  );
  if (algorithm.boundaryValue !== undefined && algorithm.boundary !== "constant") {
    refuseValue("boundary-value", args.value("boundary-value")!, "--boundary constant beside it");
  }
  return algorithm;
}

function word(setting: keyof AlgorithmInput, words: readonly string[]): AlgorithmFlag {
  return { form: `one of ${words.join(", ")}`, setting, parse: (text, flag) => oneOf(flag, text, words) };
}

function whole(setting: keyof AlgorithmInput, [least, most]: readonly [number, number]): AlgorithmFlag {
  const form = `a whole number from ${least} to ${most}`;
  return { form, setting, parse: (text, flag, form) => wholeNumber(flag, text, form, [least, most]) };
}

function atMost(setting: keyof AlgorithmInput, most: number): AlgorithmFlag {
  return number(setting, `a number from 0 to ${most}`, (value) => value >= 0 && value <= most);
}

/** A number that meets a condition, or one of a few words. */
function number(
  setting: keyof AlgorithmInput,
  form: string,
  holds: (value: number) => boolean,
  words: readonly string[] = [],
): AlgorithmFlag {
  return {
    form,
    setting,
    parse: (text, flag, form) => {
      if (words.includes(text)) return text;
      const value = finiteNumber(flag, text, form);
      return holds(value) ? value : refuseValue(flag, text, form);
    },
  };
}
