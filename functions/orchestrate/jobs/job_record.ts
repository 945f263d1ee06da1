/** Stored record of a job: its public status, and what is needed to run it. */
import { z } from "zod";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";

/** A request that only holders of the key can read. */
const SealedRequestSchema = z.strictObject({ sealed: z.string().describe("base64 of nonce and ciphertext") });

/** A request as it is stored: with its secrets, since a job may have to start again. */
const StoredRequestSchema = z.union([SealedRequestSchema, JobRequestSchema]);
export type StoredRequest = z.infer<typeof StoredRequestSchema>;

/** One object for each job. */
export const JobRecordSchema = z.strictObject({
  status: JobStatusSchema.describe("without secrets"),
  request: StoredRequestSchema,
  submission: z.string().optional().describe("name of the record of its idempotency key"),
  begun: z.boolean().describe("true once a runner has worked on it"),
  trace: z.string().optional().describe("traceparent of the request that submitted it"),
  driver: z.string().optional().describe("a mark of who drives it; absent while nobody does"),
  lease: z.unknown().describe("in records of earlier versions, which took turns by it").transform(() => undefined)
    .optional(),
  webhook: z.enum(["pending", "delivered", "given-up"]).optional().describe("once the job has ended"),
});
export type JobRecord = z.infer<typeof JobRecordSchema>;
