/**
 * Every failure that a caller can meet, in one place: what kind it is decides the HTTP status, the exit status of the
 * command line, and whether trying again can help. Messages say what was wrong and how to mend it.
 */

/** Answers to each kind of error. `exit` 2 means the input is at fault, 1 that the run failed. */
const KINDS = {
  /** The request itself is malformed or contradicts itself. */
  "invalid-request": { status: 400, exit: 2, retryable: false },
  /** A source, PSF, job or array that was named does not exist. */
  "not-found": { status: 404, exit: 2, retryable: false },
  /** The caller did not prove who they are. */
  "unauthenticated": { status: 401, exit: 2, retryable: false },
  /** The store refused access. */
  "forbidden": { status: 403, exit: 2, retryable: false },
  /** The output is already there, or belongs to another job. */
  "conflict": { status: 409, exit: 2, retryable: false },
  /** Another job is writing the output, and will have ended some time. */
  "in-use": { status: 409, exit: 2, retryable: true },
  /** Well-formed, but this file, dtype, codec or size cannot be processed. */
  "unsupported": { status: 422, exit: 2, retryable: false },
  /** Stored bytes are damaged or break their own format: truncated chunks, wrong checksums, NaN where none may be. */
  "corrupt-data": { status: 422, exit: 2, retryable: false },
  /** The plan needs more memory, tiles or bytes than the limits allow. */
  "over-budget": { status: 422, exit: 2, retryable: false },
  /** The plan needs more than the caller's quota. */
  "over-quota": { status: 403, exit: 2, retryable: false },
  /** The caller has too much going on at once. */
  "too-many": { status: 429, exit: 1, retryable: true },
  /** A remote store failed or could not be reached, also after retries. */
  "store-unavailable": { status: 424, exit: 2, retryable: true },
  /** An output could not be written. */
  "unwritable": { status: 424, exit: 2, retryable: false },
  /** No usable GPU, or none of the kind that was asked for. */
  "no-device": { status: 503, exit: 2, retryable: false },
  /** The GPU ran out of memory; a smaller box may fit. */
  "device-memory": { status: 503, exit: 1, retryable: true },
  /** The GPU or the process that held it went away. */
  "device-lost": { status: 503, exit: 1, retryable: true },
  /** The result does not pass the checks that it is put to before it counts as complete. */
  "failed-check": { status: 500, exit: 1, retryable: false },
  /** Stopped on request. */
  "cancelled": { status: 409, exit: 1, retryable: false },
  /** A defect in this program. */
  "internal": { status: 500, exit: 1, retryable: false },
} as const;

/** The kinds of error, see the table in errors.ts. */
export type ErrorKind = keyof typeof KINDS;

/** All of them. */
export const ERROR_KINDS = Object.keys(KINDS) as readonly ErrorKind[];

/** What an error says in numbers and names beside its message, where it is known. */
export interface ErrorFields {
  /** What it takes; bytes where the kind is `over-budget`. */
  readonly need?: number | undefined;
  /** What there is, in the same unit. */
  readonly limit?: number | undefined;
  /** What is at fault: a setting of the request, such as `algorithm.iterations`, or the URL of an array. */
  readonly path?: string | undefined;
  /** What was found there; plain data, never a secret. */
  readonly value?: unknown;
}

const FIELDS = ["need", "limit", "path", "value"] as const;

/**
 * An error with a kind; thrown by every part of Clearstack for anything a caller may meet.
 *
 * @example
 * ```ts
 * import { ClearstackError, openImage } from "@clearstack/clearstack";
 *
 * try {
 *   await openImage({ url: "memory:nothing" });
 * } catch (error) {
 *   if (!(error instanceof ClearstackError)) throw error;
 *   console.log(error.kind, error.path, error.retryable); // not-found memory:nothing false
 * }
 * ```
 */
export class ClearstackError extends Error {
  override readonly name = "ClearstackError";
  readonly kind: ErrorKind;
  declare readonly need?: number;
  declare readonly limit?: number;
  declare readonly path?: string;
  declare readonly value?: unknown;

  /**
   * @param kind decides status, exit code and retryability
   * @param message one line: what is wrong, the value found, and how to mend it; never a secret
   * @param options the underlying error, and fields, if any
   */
  constructor(kind: ErrorKind, message: string, options: ErrorFields & { cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    Object.assign(this, errorFields(options));
  }

  /** HTTP status of the problem document. */
  get status(): number {
    return KINDS[this.kind].status;
  }

  /** Exit status of the command line. */
  get exitStatus(): 1 | 2 {
    return KINDS[this.kind].exit;
  }

  /** True if the same call may succeed later. */
  get retryable(): boolean {
    return KINDS[this.kind].retryable;
  }
}

/** The fields that an error has, as plain data. */
export function errorFields(error: ErrorFields): ErrorFields {
  return Object.fromEntries(FIELDS.flatMap((name) => error[name] === undefined ? [] : [[name, error[name]]]));
}

/** An error as it was thrown, with the path of the array that could not be read if it names none. */
export function withPath(thrown: unknown, path: string): unknown {
  if (!isClearstackError(thrown) || thrown.path !== undefined || thrown.kind === "cancelled") return thrown;
  return Object.assign(thrown, { path });
}

/** True for an error that Clearstack raised on purpose, optionally of one kind. */
export function isClearstackError(error: unknown, kind?: ErrorKind): error is ClearstackError {
  return error instanceof ClearstackError && (kind === undefined || error.kind === kind);
}

/** Wraps anything thrown into a {@link ClearstackError}; unknown errors become `internal`, aborts become `cancelled`. */
export function toClearstackError(error: unknown): ClearstackError {
  if (error instanceof ClearstackError) return error;
  if (error instanceof DOMException && error.name === "AbortError") {
    return new ClearstackError("cancelled", "the job was cancelled", { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ClearstackError("internal", message, { cause: error });
}

/** An error in a shape that survives JSON and `postMessage`. */
export interface ErrorRecord extends ErrorFields {
  readonly kind: ErrorKind;
  readonly message: string;
}

/** Turns an error into plain data for a message between functions or Workers. */
export function errorToRecord(error: unknown): ErrorRecord {
  const { kind, message, ...fields } = toClearstackError(error);
  return { kind, message, ...errorFields(fields) };
}

/** The inverse of {@link errorToRecord}. */
export function errorFromRecord(record: ErrorRecord): ClearstackError {
  return new ClearstackError(record.kind in KINDS ? record.kind : "internal", record.message, errorFields(record));
}
