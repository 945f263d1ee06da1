/** Messages of the `deconvolve` function about a tile that is only measured. */
import { z } from "zod";
import { TileTaskSchema } from "./tile.ts";

/** Message to the `deconvolve` function: run one tile to measure it, write nothing. */
export const PilotTaskSchema = z.strictObject({
  ...TileTaskSchema.omit({ planHash: true, output: true }).shape,
  measureEvery: z.int().min(1).optional().describe("iterations between measurements; none are made where left out"),
  heldOut: z.strictObject({
    fraction: z.number().gt(0).lt(1),
    seed: z.int().min(0),
    photonsPerUnit: z.number().positive(),
  }).optional().describe("photons to hold out"),
  keep: z.literal(true).optional().describe(
    "the process keeps what becomes of the core until the tile itself is to be computed, or one of another job",
  ),
});
export type PilotTask = z.infer<typeof PilotTaskSchema>;

/** One measurement: sums over the core of a tile, or over several cores. */
const MeasurementSchema = z.strictObject({
  iteration: z.int().min(0).describe("updates applied to the estimate that was measured"),
  fit: z.number().describe("I-divergence of the data from the model"),
  heldOut: z.number().optional().describe("squared error of the held-out photons"),
});
export type Measurement = z.infer<typeof MeasurementSchema>;

export const PilotReportSchema = z.strictObject({
  index: z.int().min(0),
  kernelSeconds: z.number(),
  bytesRead: z.number().describe("stored bytes fetched from the source"),
  measurements: z.array(MeasurementSchema),
  largest: z.number().describe("largest value of what became of the core"),
});
export type PilotReport = z.infer<typeof PilotReportSchema>;
