/** What a caller asks for besides the result: how soon, and who is told. */
import { z } from "zod";

/** Fields of a job request. */
export const JobControlSchema = z.strictObject({
  priority: z.int().min(0).max(9).default(5).describe("among waiting jobs, 9 first; the older first among equals"),
  webhook: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(4096).describe(
      "where the signed message that the job has ended is posted to",
    ),
  }).optional(),
});
