/** Facts about a PSF. */
import { z } from "zod";
import { HaloSchema, Vec3Schema } from "./box.ts";

/** What an image of one plane takes of a PSF of several. */
export const PsfPlaneSchema = z.enum(["focus", "project"]);
export type PsfPlane = z.infer<typeof PsfPlaneSchema>;

/** Whether a PSF is brought to the voxel size of the image. */
export const PsfSpacingSchema = z.enum(["match", "keep"]);

const Ratio = z.number().positive();

/** Steps that fit a stored PSF to an image, in this order; one that is absent is left out. */
export const PsfFitSchema = z.strictObject({
  stored: Vec3Schema.describe("shape of the PSF as it is stored"),
  plane: PsfPlaneSchema.optional().describe("focus: the plane of its brightest voxel; project: the sum along z"),
  resample: z.tuple([Ratio, Ratio, Ratio]).readonly().optional().describe(
    "voxel size to resample to, in voxels of the stored PSF; 1 along an axis that stays as it is",
  ),
  crop: Vec3Schema.optional().describe("shape that it is cropped to about its centre"),
});
export type PsfFit = z.infer<typeof PsfFitSchema>;

/** Facts about a PSF once it has been loaded. */
const PsfInfoSchema = z.strictObject({
  shape: Vec3Schema,
  sha256: z.string().describe("of its normalised float32 values"),
  radius: HaloSchema.describe("half widths, in voxels from the centre, of the box that holds 99.9 % of the energy"),
  fit: PsfFitSchema.optional().describe("how it was fitted to the image; absent where it is used as it is stored"),
  normalisation: z.number().optional().describe("factor that made it sum to 1 again after it was cropped"),
});
export type PsfInfo = z.infer<typeof PsfInfoSchema>;

/** The PSF of one channel, and where the request names it. */
const ChannelPsfSchema = PsfInfoSchema.extend({
  entry: z.int().min(0).describe("which PSF of the request"),
  channel: z.int().min(0).optional().describe("which channel of that PSF"),
});
export type ChannelPsf = z.infer<typeof ChannelPsfSchema>;

/** The PSF of a job. Of several: their largest sides and radii, and a hash that stands for them all. */
export const JobPsfSchema = PsfInfoSchema.extend({
  channels: z.array(ChannelPsfSchema).min(1).optional().describe("one for each channel, where each has its own"),
});
export type JobPsf = z.infer<typeof JobPsfSchema>;
