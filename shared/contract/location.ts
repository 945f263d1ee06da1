/** Location of an image, a PSF or a file. */
import { z } from "zod";

/** Names an array or a file by URL (file, http, https, memory) or by a path on this machine. */
export const LocationSchema = z.strictObject({
  url: z.string().min(1).max(4096).describe("URL or path of a Zarr array or group, an OME-Zarr, or a TIFF"),
  path: z.string().max(1024).optional().describe("array inside a group, for example 0 or labels/cells"),
  axes: z.string().regex(/^t?c?z?yx$/, "axes are written in the order tczyx, for example czyx").optional()
    .describe("axes of an array that does not state them, for example zyx or tczyx"),
});
export type Location = z.infer<typeof LocationSchema>;

/** Names a PSF. */
export const PsfLocationSchema = LocationSchema.extend({
  channel: z.int().min(0).max(100_000).optional().describe("which channel of an array that has several"),
});
export type PsfLocation = z.infer<typeof PsfLocationSchema>;
