/** Quotas of one caller. */
import { z } from "zod";

/** Limits of one principal; what is absent is not limited. */
export const QuotasSchema = z.strictObject({
  voxels: z.int().min(1).optional().describe("voxels of one job"),
  tiles: z.int().min(1).optional().describe("tiles of one job"),
  bytes: z.int().min(1).optional().describe("bytes that one job reads and writes"),
  gpuSeconds: z.number().positive().optional().describe("seconds of a GPU that one job is estimated to take"),
  liveJobs: z.int().min(1).optional().describe("jobs queued or running at once"),
  requests: z.int().min(1).optional().describe("requests in flight at once"),
});
export type Quotas = z.infer<typeof QuotasSchema>;
