/** Which volumes of an image a job is about. */
import { z } from "zod";

/** What is left out is not selected from: all channels, all time points. */
export const SelectSchema = z.strictObject({
  channels: z.array(z.union([z.int().min(0), z.string().min(1).max(256)], "a channel is an index from 0, or a name"))
    .min(1, "select at least one channel").max(1024).optional()
    .describe("channels by index or by name, in the order that the output shall have"),
  times: z.strictObject({
    start: z.int().min(0).default(0),
    stop: z.int().min(1).optional().describe("the time point after the last; all to the end where left out"),
    step: z.int().min(1).default(1),
  }).optional().describe("time points from start to before stop, every step-th"),
});
export type Select = z.infer<typeof SelectSchema>;
