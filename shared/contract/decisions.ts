/** Decisions for the whole image, and the algorithm once everything is decided. */
import { z } from "zod";
import { AlgorithmSchema, BackProjectorSchema, OtfPrecisionSchema } from "./algorithm.ts";

/** Decisions for all volumes of one channel: brightness differs from channel to channel. */
const ChannelDecisionsSchema = z.strictObject({
  background: z.number().min(0),
  scale: z.number().positive().optional().describe("intensity that decides what counts as small"),
  mean: z.number().min(0).optional().describe("what voxels beyond a non-circulant edge start from"),
});
export type ChannelDecisions = z.infer<typeof ChannelDecisionsSchema>;

/** Decisions for the whole image, made before its first tile. */
export const DecisionsSchema = z.strictObject({
  iterations: z.int().min(1).describe("for all channels"),
  reason: z.string().optional().describe("what decided the number of iterations, where not the request did"),
  ...ChannelDecisionsSchema.partial().shape,
  channels: z.array(ChannelDecisionsSchema).min(2).optional().describe(
    "of each channel, in place of background, scale and mean, where there are several",
  ),
});
export type Decisions = z.infer<typeof DecisionsSchema>;

/** The algorithm with everything decided, as a tile needs it; what is left out is off. */
export const TileAlgorithmSchema = z.strictObject({
  ...AlgorithmSchema.pick({ boundary: true, boundaryValue: true, acceleration: true, start: true }).shape,
  iterations: z.int().min(1),
  background: z.number().min(0).optional(),
  totalVariation: z.number().min(0).optional(),
  backProjector: BackProjectorSchema.optional(),
  otfPrecision: OtfPrecisionSchema.optional(),
  dampingSigmas: z.number().min(0).optional(),
  saturation: z.number().positive().optional(),
  scale: z.number().positive().optional(),
  mean: z.number().min(0).optional(),
});
export type TileAlgorithm = z.infer<typeof TileAlgorithmSchema>;
