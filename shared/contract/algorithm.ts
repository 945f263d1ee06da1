/** The algorithm and its settings, as a request states them. */
import { z } from "zod";
import { setting } from "./setting.ts";

/** Compute backend of a request. */
export const BackendSchema = z.enum(["auto", "webgpu", "cpu"]);
export type BackendChoice = z.infer<typeof BackendSchema>;

/** Rule for voxels outside the image. */
export const BoundarySchema = z.enum(["periodic", "symmetric", "nearest", "constant", "non-circulant"]);
export type Boundary = z.infer<typeof BoundarySchema>;

/** Extrapolation between successive estimates. */
const AccelerationSchema = z.enum(["none", "shb", "biggs"]);

/** First estimate. */
const StartSchema = z.enum(["data", "flat"]);
export type Start = z.infer<typeof StartSchema>;

/** Kernel that carries the ratio back, see docs/algorithms.md. */
const BackProjectorSchema = z.enum(["matched", "wiener-butterworth"]);

/** In which precision a GPU keeps the transform of the PSF. */
const OtfPrecisionSchema = z.enum(["float32", "float16"]);

/** Rule that decides the number of iterations. */
const StopRuleSchema = z.enum(["noise", "fixed", "divergence", "held-out"]);

/** What images without noise bear; those of a camera bear fewer. */
const MOST_ITERATIONS = 150;
const FIXED_ITERATIONS = 20;

/** The largest weight of total variation. */
const MAX_TOTAL_VARIATION = 0.1;
/** How small the smoothing of total variation may be: what float32 leaves in flat parts, in units of the scale. */
const MIN_SMOOTHING = 1e-6;
/** The largest gate of the damping, standard deviations. */
const MAX_DAMPING_SIGMAS = 10;

/**
 * The settings of an algorithm, with the defaults of a request that names none of them. The rules for settings that exclude each
 * other are in algorithm_rules.ts; the formulas and their sources are in docs/algorithms.md.
 */
export const AlgorithmSettings = z.strictObject({
  iterations: setting(
    z.int("iterations must be a whole number").min(1, "iterations must be at least 1").max(100_000).default(
      MOST_ITERATIONS,
    ),
    {
      flag: "iterations",
      example: "20",
      help:
        "number of iterations, or the most of them with --stop; by default as many as the noise of the image bears, " +
        "and 20 with another --stop",
    },
  ),
  boundary: setting(BoundarySchema.default("non-circulant"), {
    flag: "boundary",
    example: "non-circulant",
    help:
      "what lies outside the image: periodic, symmetric, nearest, constant, or non-circulant (unknown); symmetric by default " +
      "with --back-projector wiener-butterworth",
  }),
  boundaryValue: setting(z.number().default(0), {
    flag: "boundary-value",
    example: "0",
    help: "value outside the image, with --boundary constant",
    beside: { setting: "boundary", value: "constant" },
  }),
  /** How successive estimates are extrapolated. */
  acceleration: setting(AccelerationSchema.default("shb"), {
    flag: "acceleration",
    example: "shb",
    help:
      "none, shb or biggs: reach the same sharpness in fewer iterations; none by default with another boundary than " +
      "non-circulant",
  }),
  start: setting(StartSchema.default("flat"), {
    flag: "start",
    example: "flat",
    help:
      "first estimate: data (the image) or flat (a constant); data by default with another boundary than non-circulant, or " +
      "acceleration none",
  }),
  background: setting(
    z.union(
      [z.number(), z.literal("auto")],
      "background must be a number, or auto",
    ).default(0),
    {
      flag: "background",
      example: "0",
      help:
        "constant light that does not come from the object, in units of the image, negative where signed values have an " +
        "offset; auto estimates it for each channel",
      row: "background",
    },
  ),
  /** Weight λ of total variation (Dey et al. 2006): each update is divided by `1 - λ div(∇u/|∇u|)`. Dimensionless. */
  totalVariation: setting(
    z.number().min(0, "totalVariation must be at least 0")
      .max(MAX_TOTAL_VARIATION, `totalVariation must be at most ${MAX_TOTAL_VARIATION}`).default(0),
    {
      flag: "tv",
      example: "0",
      help: "weight of total variation, 0 to 0.1: smooths noise and keeps edges; start with 0.002",
      row: "total variation",
    },
  ),
  /** Differences between neighbours below which total variation has no direction, in units of the scale. @default {1e-3} */
  totalVariationSmoothing: setting(
    z.number().min(MIN_SMOOTHING, `totalVariationSmoothing must be at least ${MIN_SMOOTHING}`)
      .max(1, "totalVariationSmoothing must be at most 1").optional(),
    {
      flag: "tv-smoothing",
      example: "1e-3",
      help: "with --tv: differences below this fraction of the image's intensity are not taken for edges",
      row: "smoothing of total variation",
    },
  ),
  /**
   * What carries the ratio back: the exact adjoint, or (preview) the Wiener-Butterworth back-projector of Guo et al. 2020,
   * which needs fewer iterations but neither conserves flux nor maximises the likelihood. Its negative lobes would blow up
   * without bound at the edge of an observed box, so it has to observe the whole box.
   */
  backProjector: setting(BackProjectorSchema.default("matched"), {
    flag: "back-projector",
    example: "P",
    help: "matched, or wiener-butterworth (preview): needs fewer iterations and does not keep intensities",
    row: "back-projector",
  }),
  /**
   * In which precision a GPU keeps the OTF between iterations: float16 halves its memory and traffic. Every coefficient is then
   * off by up to 2^-11 of itself, alike in both projections, so that the estimate is that of a slightly different PSF of the
   * same sum: 2e-4 to 4e-4 of the peak after 50 iterations on points and noise. The CPU backend keeps float32 either way. (The
   * imaginary part is left out wherever the PSF is centro-symmetric, which changes nothing.)
   */
  otfPrecision: setting(OtfPrecisionSchema.default("float32"), {
    flag: "otf-precision",
    example: "P",
    help: "float32, or float16: a GPU needs less memory and time, with errors of about 1e-4 of the peak",
    row: "OTF in",
  }),
  dampingSigmas: setting(
    z.number().min(0, "dampingSigmas must be at least 0")
      .max(MAX_DAMPING_SIGMAS, `dampingSigmas must be at most ${MAX_DAMPING_SIGMAS}`).default(0),
    {
      flag: "damping",
      example: "0",
      help: "do not fit differences below this many standard deviations of the photon noise; 2 or 3 is usual",
      row: "damping",
    },
  ),
  saturation: setting(
    z.union(
      [z.number().positive("saturation must be above 0"), z.enum(["auto", "off"])],
      "saturation must be a positive number, auto or off",
    ).default("off"),
    {
      flag: "saturation",
      example: "off",
      help: "value at which the camera clips; auto takes the largest value of the integer type",
      row: "saturation",
    },
  ),
  stop: setting(StopRuleSchema.default("noise"), {
    flag: "stop",
    example: "noise",
    help:
      "noise, divergence and held-out run as many iterations as the image bears, at most --iterations; fixed runs --iterations, " +
      "and is the default where they are given, or without acceleration",
    row: "stop by",
  }),
  stopTolerance: setting(
    z.number().positive("stopTolerance must be above 0").max(1, "stopTolerance must be at most 1").optional(),
    {
      flag: "stop-tolerance",
      example: "5e-4",
      help: "with --stop divergence: stop when an iteration lowers the I-divergence by less than this fraction",
    },
  ),
  photonsPerUnit: setting(z.number().positive("photonsPerUnit must be above 0").optional(), {
    flag: "photons-per-unit",
    example: "1",
    help: "photons in one unit of the image, for --stop held-out and --damping; integer images default to 1",
  }),
  keepEmpty: setting(z.boolean().default(false), {
    flag: "keep-empty",
    help:
      "compute all boxes; by default those without structure stay as they are: missing chunks, voxels that are all equal, or " +
      "that differ by less than 0.05 % of the image's intensity",
    row: "empty boxes computed",
  }),
  emptyBelow: setting(z.number().positive("emptyBelow must be above 0").optional(), {
    flag: "empty-below",
    example: "N",
    help:
      "lossy: boxes whose voxels are all below this value, in units of the image, count as empty and keep their noise; not " +
      "with --keep-empty",
    row: "empty below",
  }),
  seed: setting(z.int().min(0).max(2 ** 32 - 1).default(0), {
    flag: "seed",
    example: "0",
    help: "seed of the random samples that decide for the whole image",
  }),
});

/** Settings that others rest on, or that rest on others. */
type Named = Partial<
  Pick<
    z.infer<typeof AlgorithmSettings>,
    "backProjector" | "boundary" | "acceleration" | "start" | "stop" | "iterations"
  >
>;

/**
 * The defaults beside what a request names: of each setting what it is unless it is named itself, given all others. Without any
 * name they are the set that docs/algorithms.md finds best for its time. Each rests on the one before:
 *
 * - boundary: `non-circulant`; `symmetric` with the Wiener-Butterworth projector, which has to observe the whole box.
 * - acceleration: `shb` where the boundary is `non-circulant`, else `none`: who names another boundary follows another program,
 *   or an older recipe, and those are plain Richardson-Lucy.
 * - start: `flat` for accelerated iterations where the boundary is `non-circulant`, else `data`. Momentum amplifies the noise that
 *   a start from the image brings along; plain iterations are slower from a constant.
 * - stop: `noise` for accelerated iterations of the matched projector whose number is not named, else `fixed`.
 * - iterations: with `noise` more than any noise allows, else 20.
 */
export function dependentDefaults(named: Named) {
  const isMatched = (named.backProjector ?? "matched") === "matched";
  const boundary = isMatched ? "non-circulant" : "symmetric";
  const areEdgesUnknown = (named.boundary ?? boundary) === "non-circulant";
  const acceleration = areEdgesUnknown ? "shb" : "none";
  const isAccelerated = (named.acceleration ?? acceleration) !== "none";
  const start = areEdgesUnknown && isAccelerated ? "flat" : "data";
  const stop = isMatched && isAccelerated && named.iterations === undefined ? "noise" : "fixed";
  const iterations = (named.stop ?? stop) === "noise" ? MOST_ITERATIONS : FIXED_ITERATIONS;
  return { boundary, acceleration, start, stop, iterations } as const;
}

/**
 * The dependent defaults of an algorithm with everything resolved: what differs from them has to be named to have it again. The
 * iterations are left out where they have to be.
 */
export function defaultsBeside({ stop, iterations, ...others }: Algorithm) {
  const unnamed = dependentDefaults(others);
  if (stop === unnamed.stop && iterations === unnamed.iterations) return unnamed;
  // A number of iterations that is named changes the default of the rule.
  return { ...dependentDefaults({ ...others, iterations }), iterations: undefined };
}

/** Adds the defaults that depend on what is named; anything but an object is left to the schema to refuse. */
function withDependentDefaults(asked: z.input<typeof AlgorithmSettings>): z.input<typeof AlgorithmSettings> {
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) return asked;
  const named = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...dependentDefaults(named), ...named };
}

/** The algorithm of a request. */
export const AlgorithmSchema = z.preprocess(withDependentDefaults, AlgorithmSettings);
export type Algorithm = z.infer<typeof AlgorithmSchema>;
