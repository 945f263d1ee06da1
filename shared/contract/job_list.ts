/** A query for jobs, and the answer. */
import { z } from "zod";
import { JobStateSchema, JobStatusSchema } from "./job_status.ts";

/** Query of `GET /v1/jobs`. Whatever is left out does not restrict. */
export const JobQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("most jobs in one answer"),
  cursor: z.string().regex(/^[0-9a-z]{8,10}-[0-9a-f]{8}$/, "expected what an earlier answer had as next").optional()
    .describe("`next` of the answer before"),
  state: JobStateSchema.optional(),
  owner: z.string().max(256).optional().describe("who submitted them; an administrator may name anybody"),
  createdAfter: z.iso.datetime({ offset: true }).optional(),
  createdBefore: z.iso.datetime({ offset: true }).optional(),
  output: z.string().max(4096).optional().describe("URL or path that their outputs are or lie below"),
});
export type JobQuery = z.infer<typeof JobQuerySchema>;

/** Some jobs, newest first. */
export const JobListSchema = z.strictObject({
  jobs: z.array(JobStatusSchema),
  next: z.string().optional().describe("cursor of what follows; a page may be short, or empty, and still have one"),
});
export type JobList = z.infer<typeof JobListSchema>;
