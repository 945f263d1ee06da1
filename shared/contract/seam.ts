/** Messages of the `deconvolve` function about a place where tiles meet. */
import { z } from "zod";
import { TileTaskSchema } from "./tile.ts";

/**
 * Message to the `deconvolve` function: compute `tile.box`, which has a place where tiles meet in its middle, and compare
 * `tile.core` with what the output holds there.
 */
export const SeamTaskSchema = TileTaskSchema;
export type SeamTask = z.infer<typeof SeamTaskSchema>;

/** Share of an image's intensity below which a range is flat and a place dark: what differs by less tells nothing. */
export const FLAT = 5e-4;

/** Answer to a {@link SeamTaskSchema}; differences and peak are in the units of the image. */
export const SeamReportSchema = z.strictObject({
  index: z.int().min(0),
  largest: z.number().describe("largest absolute difference from the output, beyond what rounding to its type leaves"),
  rms: z.number().describe("root mean square of the differences"),
  peak: z.number().describe(
    "largest value that the output holds there, or 0.05 % of the image's intensity where all is darker",
  ),
});
export type SeamReport = z.infer<typeof SeamReportSchema>;

/** Summary of the seam reports of a job. */
export const SeamCertificateSchema = z.strictObject({
  largest: z.number().describe(
    "largest difference at any place, relative to the highest peak of all places of its channel",
  ),
  places: z.int().min(1).describe("places that were compared"),
});
export type SeamCertificate = z.infer<typeof SeamCertificateSchema>;

/** Summary of a run's tiles that were not computed because they hold no structure. */
export const EmptyCertificateSchema = z.strictObject({
  tiles: z.int().min(1).describe("tiles of this run that were left as they are"),
  below: z.int().min(1).optional().describe("those of them with noise below the value that the request gave"),
  missing: z.int().min(1).optional().describe("those of them of whose boxes no voxel is stored"),
  places: z.int().min(1).optional().describe("places in the others that were computed to compare them"),
  largest: z.number().optional().describe("largest difference at any of them, relative to the intensity of the image"),
});
export type EmptyCertificate = z.infer<typeof EmptyCertificateSchema>;
