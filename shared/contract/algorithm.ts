/** The algorithm and its settings, as a request states them. */
import { z } from "zod";

/** Which compute backend is asked for. */
export const BackendSchema = z.enum(["auto", "webgpu", "cpu"]);
export type BackendChoice = z.infer<typeof BackendSchema>;

/** How voxels outside the image are made up. */
export const BoundarySchema = z.enum(["periodic", "symmetric", "nearest", "constant", "non-circulant"]);
export type Boundary = z.infer<typeof BoundarySchema>;

/** How successive estimates are extrapolated. */
export const AccelerationSchema = z.enum(["none", "shb", "biggs"]);

/** What carries the ratio back, see docs/algorithms.md. */
export const BackProjectorSchema = z.enum(["matched", "wiener-butterworth"]);

/** In which precision a GPU keeps the transform of the PSF. */
export const OtfPrecisionSchema = z.enum(["float32", "float16"]);

/** What decides the number of iterations. */
export const StopRuleSchema = z.enum(["fixed", "divergence", "held-out"]);

/** Ranges of the settings, for every place that parses or documents them. */
export const ALGORITHM_RANGES = { totalVariation: 0.1, dampingSigmas: 10 } as const;

/** The algorithm and its settings. What one excludes of another is in algorithm_rules.ts. */
export const AlgorithmSchema = z.strictObject({
  iterations: z.int("iterations must be a whole number").min(1, "iterations must be at least 1").max(100_000).default(
    20,
  ).describe("how many, or at most how many where stop is not fixed"),
  boundary: BoundarySchema.default("symmetric"),
  boundaryValue: z.number().default(0).describe("value outside the image where boundary is constant"),
  acceleration: AccelerationSchema.default("none"),
  start: z.enum(["data", "flat"]).default("data").describe("first estimate: the image itself, or a constant"),
  background: z.union(
    [z.number().min(0, "background must be at least 0"), z.literal("auto")],
    "background must be a number of at least 0, or auto",
  )
    .default(0).describe("constant light that is not of the object, in units of the image; auto estimates it"),
  totalVariation: z.number().min(0, "totalVariation must be at least 0")
    .max(ALGORITHM_RANGES.totalVariation, `totalVariation must be at most ${ALGORITHM_RANGES.totalVariation}`)
    .default(0).describe("weight of total variation; useful from 0.0005 to 0.02"),
  backProjector: BackProjectorSchema.default("matched").describe("wiener-butterworth is a preview"),
  otfPrecision: OtfPrecisionSchema.default("float32").describe(
    "of the transform of the PSF on a GPU; float16 takes less memory and time, and is not exact",
  ),
  dampingSigmas: z.number().min(0, "dampingSigmas must be at least 0")
    .max(ALGORITHM_RANGES.dampingSigmas, `dampingSigmas must be at most ${ALGORITHM_RANGES.dampingSigmas}`)
    .default(0).describe("differences of less than so many standard deviations of the photon noise are not fitted"),
  saturation: z.union(
    [z.number().positive("saturation must be above 0"), z.enum(["auto", "off"])],
    "saturation must be a positive number, auto or off",
  ).default("off").describe("values from which the image is saturated; auto is the most its integer type can hold"),
  stop: StopRuleSchema.default("fixed"),
  stopTolerance: z.number().positive("stopTolerance must be above 0").max(1, "stopTolerance must be at most 1")
    .optional()
    .describe("with stop divergence: stop once an iteration lowers the I-divergence by less than this fraction"),
  photonsPerUnit: z.number().positive("photonsPerUnit must be above 0").optional()
    .describe("photons that one unit of the image stands for; 1 for integers where it is not given"),
  seed: z.int().min(0).max(2 ** 32 - 1).default(0).describe("of the samples and draws that decide for the whole image"),
});
export type Algorithm = z.infer<typeof AlgorithmSchema>;
