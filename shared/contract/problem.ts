/** Errors over HTTP, and warnings. */
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

const Figure = z.union([z.number(), z.array(z.number())]);

/** Something that a user should know about a job that is run nevertheless. */
export const WarningSchema = z.strictObject({
  code: z.string().describe("what it is about, such as psf-off-centre"),
  level: z.enum(["note", "warning"]).describe(
    "note: an input was adapted, as said; warning: an input is probably not what it should be",
  ),
  message: z.string().describe("one line, with the mend"),
  value: Figure.optional().describe("what was found; triples are in the order z, y, x"),
  limit: Figure.optional().describe("what is allowed, in the same unit"),
});
export type Warning = z.infer<typeof WarningSchema>;
