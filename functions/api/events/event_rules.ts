/** Rules that turn uploads into jobs, as they are configured. What they do is in match_event.ts. */
import { z } from "zod";
import { QuotasSchema } from "shared/contract/quotas.ts";
import { EventSourcesSchema } from "./event_sources.ts";
import { ProviderSchema } from "./formats/upload_event.ts";

/** Written first by every Zarr writer, when most of the volume is still to come. */
const EARLY_FILES = /(^|\/)(zarr\.json|\.zarray|\.zgroup|\.zattrs|\.zmetadata)$/;

const MarkerSchema = z.strictObject({
  marker: z.string().min(2).max(100)
    .refine((suffix) => !EARLY_FILES.test(suffix), "metadata is written before the voxels: use a file written last")
    .refine(
      (suffix) => !/\/$|\/\/|\\|\.\.(\/|$)/.test(suffix),
      "expected the end of a key, such as /_SUCCESS or .done",
    ),
});

export const EventRuleSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe("for the log"),
  provider: ProviderSchema.optional(),
  bucket: z.string().min(1).describe("name of the bucket; of Azure ACCOUNT/CONTAINER"),
  key: z.string().min(1).max(1024).optional().describe("glob of the volume's key: ** any folders, * within one"),
  keyRegex: z.string().min(1).max(1024).optional()
    .describe("regular expression of the whole key; its named groups are placeholders"),
  when: z.union([z.literal("tiff"), MarkerSchema]).describe(
    "tiff: the key is a TIFF; marker: the key and this ending are a file that is written last, and the key is a Zarr",
  ),
  example: z.string().min(1).optional().describe("a key that the rule matches; checked when the rules are read"),
  owner: z.string().min(1).max(200).default("events").describe("whose jobs they are"),
  quotas: QuotasSchema.omit({ requests: true }).default({}).describe("how much the jobs may ask for"),
  job: z.looseObject({
    psf: z.union([z.string(), z.looseObject({}), z.array(z.unknown())]),
    output: z.union([z.string(), z.looseObject({})]),
  }).describe("a job request without its source; texts may hold placeholders"),
}).refine(({ key, keyRegex }) => (key === undefined) !== (keyRegex === undefined), "give key or keyRegex")
  .refine(({ keyRegex, example }) => keyRegex === undefined || example !== undefined, "give an example with keyRegex");
export type EventRule = z.infer<typeof EventRuleSchema>;

export const EventConfigurationSchema = z.strictObject({
  sources: EventSourcesSchema,
  rules: z.array(EventRuleSchema).min(1).max(1000),
});
