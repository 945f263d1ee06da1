/** Answer to the question which images a source has. */
import { z } from "zod";

/** Paths as a location names them, in the order of the source. */
export const ImageListSchema = z.strictObject({ paths: z.array(z.string()) });
