/** Facts about a PSF, and the optics that one is computed from. */
import { z } from "zod";
import { HaloSchema, Vec3Schema } from "./box.ts";
import { OpticsOriginSchema } from "./image_info.ts";
import { setting } from "./setting.ts";

const Na = z.number().positive("na must be above 0").lt(2, "na must be below 2");
const Index = z.number().min(1, "a refractive index is at least 1").max(2.5, "a refractive index is at most 2.5");
const Nanometres = z.number().min(150, "an emission wavelength is at least 150 nm")
  .max(3000, "an emission wavelength is at most 3000 nm");
const Depth = z.number().min(0, "depthMicrometre must be at least 0").max(5000, "depthMicrometre must be at most 5000");

/** Optics as a request states them. What is left out is what the image states. */
export const OpticsSchema = z.strictObject({
  na: setting(Na.optional(), {
    flag: "na",
    example: "1.4",
    help: "instead of --psf: numerical aperture of the lens a PSF is computed for; by default what SOURCE states",
  }),
  immersionIndex: setting(Index.optional(), {
    flag: "index",
    example: "1.515",
    help:
      "refractive index of the immersion (oil 1.515, glycerol 1.47, water 1.33, air 1); by default what SOURCE states",
  }),
  emissionNanometres: setting(
    z.union([Nanometres, z.array(Nanometres).min(1).max(1024)], "give wavelengths in nanometres, from 150 to 3000")
      .optional(),
    {
      flag: "emission",
      example: "525,595",
      help: "emission wavelength of each channel in nanometres, or one for all; by default what SOURCE states",
      form: "wavelengths in nanometres from 150 to 3000: one, or one for each channel, such as 525,595,680",
    },
  ),
  sampleIndex: setting(Index.optional(), {
    flag: "sample-index",
    example: "1.38",
    help: "refractive index of the sample; by default that of the immersion",
  }),
  depthMicrometre: setting(Depth.default(0), {
    flag: "depth",
    example: "0",
    help: "depth below the coverslip that PSFs are computed for, in micrometres; alone, all else is what SOURCE states",
  }),
});
export type Optics = z.infer<typeof OpticsSchema>;
/** Optics before defaults are filled in. */
export type OpticsInput = z.input<typeof OpticsSchema>;

const Side = z.number().min(0).max(100);

/** Everything that the PSF of one channel is computed from: the same voxels, bit by bit, wherever that is. */
export const ComputedPsfSchema = z.strictObject({
  na: Na,
  immersionIndex: Index,
  emissionNanometres: Nanometres,
  sampleIndex: Index,
  depthMicrometre: Depth,
  voxelMicrometre: z.tuple([Side, Side, Side]).readonly().describe("z, y, x; z is 0 for an image without z"),
});
export type ComputedPsf = z.infer<typeof ComputedPsfSchema>;

const StatedSchema = z.enum(["request", ...OpticsOriginSchema.options]);

/** Where the optics that a PSF is computed from are stated. */
const OpticsFromSchema = z.strictObject({
  na: StatedSchema,
  immersionIndex: StatedSchema,
  emissionNanometres: StatedSchema,
});
export type OpticsFrom = z.infer<typeof OpticsFromSchema>;

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
  optics: ComputedPsfSchema.optional().describe("what it was computed from; absent where it is stored"),
  opticsFrom: OpticsFromSchema.optional().describe("where each of the optics is stated"),
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
