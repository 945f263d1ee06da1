/** Errors over HTTP. */
import { z } from "zod";

/** Fields of an error, see `ErrorFields` of errors.ts. */
export const ErrorFieldsSchema = z.strictObject({
  need: z.number().optional().describe("what it takes; bytes where the budget of memory is too small"),
  limit: z.number().optional().describe("what there is, in the same unit"),
  path: z.string().optional().describe("the setting at fault, such as algorithm.iterations, or the URL of an array"),
  value: z.unknown().optional().describe("what was found there"),
});

/** RFC 9457 problem document. */
export const ProblemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  ...ErrorFieldsSchema.shape,
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof ProblemSchema>;
