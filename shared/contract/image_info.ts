/** Facts about an image that are known before its voxels are read. */
import { z } from "zod";
import { StartSchema, Vec3Schema } from "./box.ts";
import { WarningSchema } from "./problem.ts";

const AxisSchema = z.strictObject({
  name: z.enum(["t", "c", "z", "y", "x"]),
  type: z.enum(["time", "channel", "space"]),
  unit: z.string().optional(),
});
export type Axis = z.infer<typeof AxisSchema>;

/** Element types that can be deconvolved. */
export const DtypeSchema = z.enum([
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float16",
  "float32",
  "float64",
]);
export type Dtype = z.infer<typeof DtypeSchema>;

/** Metadata of one channel; fields that the file does not state are absent. */
const ChannelSchema = z.strictObject({
  name: z.string().min(1).optional(),
  color: z.string().regex(/^[0-9A-F]{6}$/).optional().describe("RRGGBB"),
  emissionNanometres: z.number().positive().optional(),
});
export type Channel = z.infer<typeof ChannelSchema>;

/** Metadata that state what optics an image was taken with: of OME-Zarr, of a TIFF or beside a Zarr, and of an output of ours. */
export const OpticsOriginSchema = z.enum(["omero", "OME-XML", "clearstack"]);
export type OpticsOrigin = z.infer<typeof OpticsOriginSchema>;

/** Volumes picked out of a stored image, by their stored indices. */
const VolumeSelectionSchema = z.strictObject({
  channels: z.array(z.int().min(0)).min(1).optional().describe("stored index of each channel; absent for all of them"),
  times: z.strictObject({ start: z.int().min(0), step: z.int().min(1) }).optional()
    .describe("stored index of the first time point and from one to the next; absent for all of them"),
  box: z.strictObject({ start: StartSchema, whole: Vec3Schema }).optional().describe(
    "first voxel along z, y, x of the part that `shape` counts, and the shape of the volume that it is a part of",
  ),
});
export type VolumeSelection = z.infer<typeof VolumeSelectionSchema>;

/** Which pages of a TIFF to take: those that it says it has, or those that it lists. */
export const PAGES_MODES = ["as-stated", "as-listed"] as const;

/** Facts about an image from its metadata alone. */
export const ImageInfoSchema = z.strictObject({
  url: z.string(),
  path: z.string().describe("array inside url; empty if url is the array"),
  format: z.enum(["zarr2", "zarr3", "tiff"]),
  dtype: DtypeSchema,
  shape: z.array(z.int().min(0)).describe("shape in the order of axes; along t and c what is selected"),
  chunkShape: z.array(z.int().min(1)).describe("shape of the smallest readable piece, as stored"),
  axes: z.array(AxisSchema).describe("a subset of t, c, z, y, x in that order, ending in y, x"),
  scale: z.array(z.number()).describe("voxel spacing along each axis, in the axis's unit; 1 where unknown"),
  translation: z.array(z.number()).optional(),
  name: z.string().optional(),
  channels: z.array(ChannelSchema).optional().describe(
    "one for each index along c, or the only one of an image without c; absent where the metadata name none",
  ),
  emissionFrom: OpticsOriginSchema.optional().describe("metadata that state the wavelengths of the channels"),
  objective: z.strictObject({
    na: z.number().positive().optional(),
    immersionIndex: z.number().min(1).max(2.5).optional(),
  }).optional().describe("what the metadata of the image state of the lens"),
  objectiveFrom: OpticsOriginSchema.optional().describe("metadata that state the lens; OME-XML where it is left out"),
  selection: VolumeSelectionSchema.optional().describe("what `shape` counts, where it is not all that is stored"),
  pages: z.enum(PAGES_MODES).optional().describe("which pages of a TIFF were taken, where the request says so"),
  warnings: z.array(WarningSchema).optional().describe("what the file states that could not be used"),
  identity: z.string().describe(
    "hash of the metadata (and entity tag) that tells one version of the source from another",
  ),
  plannedMs: z.number().optional().describe(
    "when the source was planned with, by the clock of its store, milliseconds since 1970: chunks written later are refused; " +
      "absent where the store has no clock",
  ),
});
export type ImageInfo = z.infer<typeof ImageInfoSchema>;
