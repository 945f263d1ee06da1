/** What is known of a PSF. */
import { z } from "zod";
import { HaloSchema, Vec3Schema } from "./box.ts";

/** What is known of a PSF once it has been loaded. */
export const PsfInfoSchema = z.strictObject({
  shape: Vec3Schema,
  sha256: z.string().describe("of its normalised float32 values"),
  radius: HaloSchema.describe("half widths, in voxels from the centre, of the box that holds 99.9 % of the energy"),
});
export type PsfInfo = z.infer<typeof PsfInfoSchema>;
