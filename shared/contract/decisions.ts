/** Decisions for the whole image, and the algorithm once everything is decided. */
import { z } from "zod";
import { AlgorithmSettings } from "./algorithm.ts";
import { RangeSchema } from "./stored_array.ts";

/** Decisions for all volumes of one channel: brightness differs from channel to channel. */
const ChannelDecisionsSchema = z.strictObject({
  iterations: z.int().min(1).optional().describe("where the noise of each channel decides"),
  background: z.number().describe("negative for signed values with an offset"),
  scale: z.number().positive().optional().describe("intensity that decides what counts as small"),
  mean: z.number().min(0).optional().describe("what voxels beyond a non-circulant edge start from"),
});
export type ChannelDecisions = z.infer<typeof ChannelDecisionsSchema>;

/** Decisions for the whole image, made before its first tile. */
export const DecisionsSchema = z.strictObject({
  iterations: z.int().min(1).describe("for all channels, or the most of any"),
  reason: z.string().optional().describe("what decided the number of iterations, where not the request did"),
  range: RangeSchema.optional().describe("values that integers of the output hold, for all channels"),
  ...ChannelDecisionsSchema.omit({ iterations: true }).partial().shape,
  channels: z.array(ChannelDecisionsSchema).min(2).optional().describe(
    "of each channel, in place of what is above, where there are several",
  ),
});
export type Decisions = z.infer<typeof DecisionsSchema>;

/** Settings that decide before the first tile, and mean nothing to it. */
const DECIDING = { stop: true, stopTolerance: true, photonsPerUnit: true, seed: true } as const;

/** The algorithm with everything decided, as a tile needs it. Settings that decide nothing pass as they are. */
export const TileAlgorithmSchema = AlgorithmSettings.omit(DECIDING).extend({
  iterations: z.int().min(1),
  /**
   * Constant background b in units of the data, part of the model: the ratio is `d / max(Hu + b, eps)`, so the estimate holds
   * the object without it (Snyder, Hammoud & White 1993). Finite and >= 0. @default {0}
   */
  background: z.number().min(0).optional(),
  /**
   * Noise-gated damping (White 1994, with N = 10): differences between data and model of less than this many standard
   * deviations of the photon noise are not fitted further. 0 turns it off; 2 or 3 is usual. Data are taken as photon counts.
   * @default {0}
   */
  dampingSigmas: z.number().min(0).optional(),
  /**
   * Data at or above this value are saturated, known only to be at least that bright: their ratio is never below 1 (Whyte,
   * Sivic & Zisserman 2014). Positive. @default {Infinity}
   */
  saturation: z.number().positive().optional(),
  /**
   * Intensity of the whole image, which decides what counts as small: eps is 1e-6 of it. Give the same to every tile, so that
   * tiles agree. Positive. @default {the maximum of d of each run}
   */
  scale: z.number().positive().optional(),
  mean: z.number().min(0).optional(),
  offset: z.number().min(0).optional().describe(
    "added to every voxel as it is read, in place of a negative background; saturation, scale and mean count from there",
  ),
});
export type TileAlgorithm = z.infer<typeof TileAlgorithmSchema>;

/** Settings that the kernels take as they are: without what belongs to a run or to reading. What is left out has its default. */
export type KernelSettings = Readonly<
  Partial<
    Omit<
      TileAlgorithm,
      "iterations" | "start" | "mean" | "offset" | "boundary" | "boundaryValue" | "keepEmpty" | "emptyBelow"
    >
  >
>;
