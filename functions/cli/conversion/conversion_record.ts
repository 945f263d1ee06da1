/** Request of a conversion, as it is kept. */
import { z } from "zod";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { zarrSettingFault } from "shared/image/output_form.ts";
import { OmeVersionSchema, StoredObjectsSchema, ValueRangeSchema } from "shared/contract/stored_array.ts";

export const ConversionRequestSchema = z.strictObject({
  source: LocationSchema,
  output: z.strictObject({
    url: z.string().min(1),
    ifExists: z.enum(["fail", "resume", "overwrite"]),
    version: OmeVersionSchema,
    // The first versions wrote none, and kept no word of it.
    shards: JobRequestSchema.shape.output.shape.shards.unwrap().default("none"),
    verify: z.literal(true).optional(),
    pyramid: z.enum(["auto", "none"]).describe(
      "auto: coarser levels as deconvolved outputs have; none: full resolution only",
    ),
  }).refine((output) => zarrSettingFault(output) === undefined, "a TIFF has no shards and no version of OME-Zarr"),
  scale: z.array(z.number().positive()).min(2).max(3).optional().describe(
    "distance of neighbours along z, y, x where the source does not tell it, or tells it wrong; y and x of a 2-D image",
  ),
  unit: z.string().optional().describe("of scale: the full name of a unit of length"),
});
export type ConversionRequest = z.infer<typeof ConversionRequestSchema>;

/** Record that a block is stored, as far as continuing needs it. */
export const BlockRecordSchema = ValueRangeSchema.extend({ objects: StoredObjectsSchema.optional() });

/** The record that a conversion leaves in its output, as far as repeating it needs it. */
export const ConversionRecordSchema = z.looseObject({
  version: z.string(),
  request: ConversionRequestSchema,
  source: z.looseObject({ identity: z.string() }),
});
