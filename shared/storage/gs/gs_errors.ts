/** Explanations of the errors of Google Cloud Storage, each with its mend. */
import { ClearstackError } from "shared/errors.ts";
import { clockFault } from "../http/clock_fault.ts";
import type { Failure } from "../http/object_client.ts";

/** Names that an explanation may use. */
interface GsContext {
  readonly bucket: string;
  readonly anonymous: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The error that a failed answer means, or undefined for "no such object". */
export function explainGs(
  { request, status, headers, body }: Failure,
  context: GsContext,
): ClearstackError | undefined {
  const { bucket, anonymous, now } = context;
  const reading = request.method === "GET";
  const action = `cannot ${reading ? "read" : "write"} ${request.what}`;
  const answer = `Google Cloud Storage answered ${status}`;

  if (status === 404 && /bucket does not exist/i.test(body)) {
    return new ClearstackError("not-found", `${action}: there is no bucket ${bucket}; check its name`);
  }
  if (status === 404 && (reading || request.method === "DELETE")) return undefined;
  if (status === 416) {
    return new ClearstackError("corrupt-data", `${request.what} is cut short: it ends before the bytes asked for`);
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new ClearstackError("store-unavailable", `${action}: ${answer}`);
  }
  if (body.includes("UserProjectMissing")) {
    return new ClearstackError("unsupported", `${action}: the bucket lets requesters pay; copy what you need first`);
  }
  if (status === 401 || status === 403) {
    const role = reading ? "Storage Object Viewer" : "Storage Object User";
    const mend = anonymous
      ? "requests are unsigned (GS_NO_SIGN_REQUEST), so the bucket must be public"
      : `give the account the role ${role} on the bucket`;
    const fault = anonymous ? undefined : clockFault(headers, now);
    return new ClearstackError("forbidden", `${action}: ${answer}; ${fault ?? mend}`);
  }
  return new ClearstackError(reading ? "unsupported" : "unwritable", `${action}: ${answer}`);
}
