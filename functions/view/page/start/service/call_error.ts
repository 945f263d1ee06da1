/** Errors of the service, as its answers tell them, with what the page makes of each. */
import type { Problem } from "shared/contract/problem.ts";

/** A call that failed. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** HTTP status; 0 where nobody answered. */
  readonly status: number;
  /** The setting at fault, such as `psf.optics.na`, or the address of an array. */
  readonly path: string | undefined;
  /** Time after which asking again makes sense, seconds. */
  readonly retrySeconds: number | undefined;

  constructor({ status, detail, path }: Pick<Problem, "status" | "detail" | "path">, retryAfter: string | null = null) {
    super(detail);
    this.status = status;
    this.path = path;
    this.retrySeconds = retryAfter !== null && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  }
}

/** The error of a service that is away. */
export function noAnswer(): CallError {
  return new CallError({ status: 0, detail: "The service does not answer." });
}

/** What can be done about an error beside what its message says; empty where the message says it all. */
export function mendOf({ status, retrySeconds }: CallError): string {
  if (status === 0) return "Check that it runs and that the network is up. The page asks again by itself.";
  if (status === 401) return "Give a key of this service. Whoever runs it makes one with clearstack keys.";
  if (status === 403) return "Ask whoever runs the service for the right, or name another place.";
  if (status === 429) {
    return retrySeconds === undefined
      ? "Wait until something of yours has ended, or cancel it."
      : `Wait ${retrySeconds} s, then try again.`;
  }
  if (status === 424 || status === 503) return "Try again in a while.";
  if (status >= 500) return "Try again. If this comes back, tell whoever runs the service.";
  return "";
}

/** Anything thrown, as an error of a call. */
export function asCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  return new CallError({ status: 500, detail: thrown instanceof Error ? thrown.message : String(thrown) });
}
