/** Least and largest value as records hold them, apart from how they are found: threads of codecs need no schemas. */
import { z } from "zod";

/** Of some voxels; null where there is no finite number among them. */
export const ValueRangeSchema = z.object({ least: z.number().nullable(), largest: z.number().nullable() });
export type ValueRange = z.infer<typeof ValueRangeSchema>;
