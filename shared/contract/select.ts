/** Which volumes of an image a job is about. */
import { z } from "zod";

const Index = z.int().min(0).max(100_000);

/** What is left out is not selected from: all channels, all time points. */
export const SelectSchema = z.strictObject({
  channels: z.array(z.union([Index, z.string().trim().min(1).max(256)], "a channel is an index from 0, or a name"))
    .min(1, "select at least one channel").max(1024).optional()
    .describe("channels by index or by name, in the order that the output shall have"),
  times: z.strictObject({
    start: Index.default(0),
    stop: Index.min(1).optional().describe("the time point after the last; all to the end where left out"),
    step: Index.min(1).default(1),
  }).optional().describe("time points from start to before stop, every step-th"),
}).refine(({ channels, times }) => channels !== undefined || times !== undefined, "select channels, times or both");
export type Select = z.infer<typeof SelectSchema>;
