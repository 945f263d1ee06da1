/** Stored record of a job: its public status, and what is needed to run it and to agree on who does. */
import { z } from "zod";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";

/** A request that only holders of the key can read. */
const SealedRequestSchema = z.strictObject({ sealed: z.string().describe("base64 of nonce and ciphertext") });

/** A request as it is stored: with its secrets, since a job may have to start again. */
const StoredRequestSchema = z.union([SealedRequestSchema, JobRequestSchema]);
export type StoredRequest = z.infer<typeof StoredRequestSchema>;

/** Lease of a job: the process that works on it. */
const LeaseSchema = z.strictObject({
  instance: z.string().describe("name of the runner, the same after a restart"),
  holder: z.string().describe("id of the running runner"),
  beat: z.int().min(0).describe("changes as long as the holder lives"),
});
export type Lease = z.infer<typeof LeaseSchema>;

/** One object for each job. */
export const JobRecordSchema = z.strictObject({
  status: JobStatusSchema.describe("without secrets"),
  request: StoredRequestSchema,
  submission: z.string().optional().describe("name of the record of its idempotency key"),
  begun: z.boolean().describe("true once a runner has worked on it"),
  trace: z.string().optional().describe("traceparent of the request that submitted it"),
  lease: LeaseSchema.optional().describe("absent while nobody works on it"),
  webhook: z.enum(["pending", "delivered", "given-up"]).optional().describe("once the job has ended"),
});
export type JobRecord = z.infer<typeof JobRecordSchema>;
