/** RFC 9457 problem documents: the one place where errors become HTTP answers, and answers become errors again. */
import type { z } from "zod";
import { type Problem, ProblemSchema } from "shared/contract/problem.ts";
import type { ErrorKind } from "shared/errors.ts";
import { ClearstackError, type ErrorFields, errorFields, errorFromRecord, toClearstackError } from "shared/errors.ts";
import { describeInvalid, invalidFields, type InvalidSetting, invalidSettings } from "shared/invalid_request.ts";

/** Prefix of `type`; the rest is the kind of the error. */
export const PROBLEM_TYPE = "urn:clearstack:problem:";

const TITLES: Record<ErrorKind, string> = {
  "invalid-request": "The request is invalid",
  "not-found": "Not found",
  "unauthenticated": "Not authenticated",
  "forbidden": "Access refused",
  "conflict": "Conflict",
  "in-use": "In use",
  "unsupported": "Not supported",
  "corrupt-data": "Stored data is damaged",
  "over-budget": "Over budget",
  "over-quota": "Over quota",
  "too-many": "Too much at once",
  "store-unavailable": "A store cannot be reached",
  "unwritable": "The output cannot be written",
  "no-device": "No usable device",
  "failed-check": "The result does not pass its checks",
  "device-memory": "Out of device memory",
  "device-lost": "The device was lost",
  "cancelled": "Cancelled",
  "internal": "Internal error",
};

/** Text that a caller is told of a defect: nothing that the program knows and they should not. */
export const INTERNAL_DETAIL = "something went wrong inside the service; its log says more";

/** The problem document for anything thrown. */
export function toProblem(thrown: unknown): Problem {
  if (isZodError(thrown)) return invalidBody(invalidSettings(thrown.issues), thrown.input);
  const error = toClearstackError(thrown);
  return {
    type: `${PROBLEM_TYPE}${error.kind}`,
    title: TITLES[error.kind],
    status: error.status,
    ...(error.kind === "internal" ? { detail: INTERNAL_DETAIL } : { detail: error.message, ...publicFields(error) }),
  };
}

/** The fields that may be sent: text of a request may be a secret in the wrong place, so only the message quotes what is safe. */
function publicFields(fields: ErrorFields): ErrorFields {
  const { value, ...others } = errorFields(fields);
  return value === undefined || typeof value === "string" ? others : { ...others, value };
}

/** A problem of HTTP itself, such as a wrong method, which no ClearstackError describes. */
export function httpProblem(status: number, title: string, detail: string): Problem {
  return { type: "about:blank", title, status, detail };
}

/** Answers with a problem document. */
export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...headers, "content-type": "application/problem+json" },
  });
}

/** The problem document for anything thrown; what it does not tell goes to the log. */
export function loggedProblem(thrown: unknown, log: (line: string) => void): Problem {
  const problem = toProblem(thrown);
  if (problem.status === 500) log(`internal error: ${thrown instanceof Error ? thrown.stack : thrown}`);
  return problem;
}

/** The error that a problem document stands for; never fails, whatever the body is. */
export function errorFromProblem(body: unknown, status: number): ClearstackError {
  const { success, data } = ProblemSchema.safeParse(body);
  if (!success) {
    // What stands before a function, such as a balancer whose instances are still starting, writes no problem documents.
    const kind = [429, 502, 503, 504].includes(status) ? "device-lost" : "internal";
    return new ClearstackError(kind, `an internal service answered with status ${status}`);
  }
  const kind = data.type.startsWith(PROBLEM_TYPE) ? data.type.slice(PROBLEM_TYPE.length) : "internal";
  const where = data.issues?.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
  const message = where ? `${data.detail}: ${where}` : data.detail;
  return errorFromRecord({ ...errorFields(data), kind: kind as ErrorKind, message });
}

function invalidBody(issues: InvalidSetting[], input: unknown): Problem {
  return {
    type: `${PROBLEM_TYPE}invalid-request`,
    title: TITLES["invalid-request"],
    status: 400,
    detail: describeInvalid(issues),
    ...publicFields(invalidFields(issues, input)),
    issues,
  };
}

/** By name and shape: a schema may come from another copy of the library. */
function isZodError(thrown: unknown): thrown is { issues: z.core.$ZodIssue[]; input?: unknown } {
  return thrown instanceof Error && thrown.name.endsWith("ZodError") && "issues" in thrown;
}
