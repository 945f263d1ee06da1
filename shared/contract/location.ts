/** Location of an image, a PSF or a file. */
import { z } from "zod";
import { PAGES_MODES } from "./image_info.ts";
import { isWritable, UNWRITABLE, urlFault } from "shared/storage/url.ts";
import { ComputedPsfSchema } from "./psf_info.ts";
import { setting } from "./setting.ts";

/** A URL or path; one that readers could take for different places is refused, without repeating it. */
export const UrlSchema = z.string().min(1).max(4096).superRefine((url, context) => {
  const message = urlFault(url);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** Names an array or a file by URL (file, http, https, memory) or by a path on this machine. */
const PlaceSchema = z.strictObject({
  url: UrlSchema.describe(
    "URL or path of a Zarr array or group, an OME-Zarr, a TIFF, or a folder or pattern of TIFFs of one plane each",
  ),
  path: z.string().max(1024).refine(isWritable, UNWRITABLE).optional().describe(
    "array inside a group, for example 0 or labels/cells; number of an image inside an OME-TIFF",
  ),
  axes: z.string().regex(/^t?c?z?yx$/, "axes are written in the order tczyx, for example czyx").optional()
    .describe("axes of an array that does not state them, for example zyx or tczyx"),
});

const PAGES_HELP =
  "as-listed takes the pages of a TIFF that are there, cut to whole time points, where it says it has more";
const Pages = z.enum(PAGES_MODES);

/** Names an image to work on. */
export const LocationSchema = PlaceSchema.extend({
  pages: setting(Pages.optional(), { flag: "pages", example: "as-stated", help: PAGES_HELP }),
  series: setting(z.literal("all").optional(), {
    flag: "series",
    example: "all",
    help: "one output for each image of a SOURCE that has several, as plates have; OUTPUT is then their folder",
    form: "all",
  }),
  allowEmpty: setting(z.literal(true).optional(), {
    flag: "allow-empty",
    help: "accept a Zarr of which no chunk is stored, so that all voxels are its fill value",
  }),
});
export type Location = z.infer<typeof LocationSchema>;

/** Paths of all images of a source, as its location names them, in its order. */
export const ImageListSchema = z.strictObject({ paths: z.array(z.string()) });

const Index = z.int().min(0).max(100_000);

/** Names a PSF. */
export const PsfLocationSchema = PlaceSchema.extend({
  pages: Pages.optional().describe(PAGES_HELP),
  channel: z.union([Index, z.string().trim().min(1).max(256)], "a channel is an index from 0, or a name").optional()
    .describe("which channel of an array that has several, by index or by name"),
  time: Index.optional().describe("which time point of an array that has several"),
});
export type PsfLocation = z.infer<typeof PsfLocationSchema>;

/** Names a PSF, or says what it is computed from. */
export const TaskPsfSchema = z.union([PsfLocationSchema, z.strictObject({ optics: ComputedPsfSchema })]);
export type TaskPsf = z.infer<typeof TaskPsfSchema>;
