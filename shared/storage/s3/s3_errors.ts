/** Explanations of the S3 protocol's errors, each with its mend. */
import { ClearstackError } from "shared/errors.ts";
import { clockFault } from "../http/clock_fault.ts";
import type { Failure } from "../http/object_client.ts";
import { readXml, xmlText } from "../http/xml.ts";

/** Names that an explanation may use. */
interface S3Context {
  readonly bucket: string;
  /** Host of the server. */
  readonly host: string;
  readonly anonymous: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Errors that pass by themselves, besides those whose status says so. */
const PASSING = new Set([
  "ConditionalRequestConflict",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "XAmzContentSHA256Mismatch",
  "BadDigest",
]);

/** Reasons of a 403 that have nothing to do with rights on the bucket. */
const REFUSALS: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "does not know the access key; check AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL",
  SignatureDoesNotMatch: "refused the signature; check AWS_SECRET_ACCESS_KEY, which does not fit the access key",
  ExpiredToken: "says that the credentials have expired; get new ones",
  TokenRefreshRequired: "says that the credentials have expired; get new ones",
  InvalidToken: "refused the session token; check AWS_SESSION_TOKEN",
};

/** A failed answer, read. */
interface S3Failure extends Failure {
  /** Name of the error. */
  readonly code: string | undefined;
  /** Region that it names as the bucket's. */
  readonly region: string | undefined;
}

/** Reads what a failed answer says. */
export async function readFailure(failure: Failure): Promise<S3Failure> {
  const xml = await readXml(failure.body);
  const region = failure.headers.get("x-amz-bucket-region") ?? xmlText(xml, "Region");
  return { ...failure, code: xmlText(xml, "Code"), region };
}

/** True if other credentials of the same kind may be accepted. */
export function isExpired({ code = "" }: S3Failure): boolean {
  return /^(ExpiredToken|TokenRefreshRequired|InvalidToken)$/.test(code);
}

/** The error that a failed answer means, or undefined for "no such object". */
export function explainS3(failure: S3Failure, context: S3Context): ClearstackError | undefined {
  const { status, request, code, region } = failure;
  const { bucket, host } = context;
  const reading = request.method === "GET" || request.method === "HEAD";
  const action = `cannot ${reading ? "read" : "write"} ${request.what}`;
  const answer = `${host} answered ${status}${code === undefined ? "" : ` ${code}`}`;

  if (code === "NoSuchBucket") {
    return new ClearstackError(
      "not-found",
      `${action}: there is no bucket ${bucket} at ${host}; check its name, AWS_REGION and AWS_ENDPOINT_URL`,
    );
  }
  if (status === 404 && request.method !== "POST" && request.method !== "PUT") return undefined;
  if (status === 416) {
    return new ClearstackError("corrupt-data", `${request.what} is cut short: it ends before the bytes asked for`);
  }
  if (status >= 300 && status < 400) {
    const mend = region === undefined ? "check AWS_ENDPOINT_URL and AWS_REGION" : `set AWS_REGION=${region}`;
    return new ClearstackError("invalid-request", `${action}: bucket ${bucket} lives elsewhere (${answer}); ${mend}`);
  }
  if (status === 400 && code === "AuthorizationHeaderMalformed" && region !== undefined) {
    const mend = `set AWS_REGION=${region}`;
    return new ClearstackError("invalid-request", `${action}: bucket ${bucket} is in another region; ${mend}`);
  }
  if (status === 429 || status >= 500 || status === 408 || PASSING.has(code ?? "")) {
    return new ClearstackError("store-unavailable", `${action}: ${answer}`);
  }
  if (code === "InvalidObjectState") {
    return new ClearstackError(
      "unsupported",
      `${action}: it is archived; restore it to a readable storage class first`,
    );
  }
  if (code === "QuotaExceeded") {
    return new ClearstackError("unwritable", `${action}: the quota of ${bucket} is used up`);
  }
  if (status === 401 || status === 403 || (code ?? "") in REFUSALS) return refusal(failure, context, action);
  return new ClearstackError(reading ? "unsupported" : "unwritable", `${action}: ${answer}`);
}

function refusal(
  { request, headers, code }: S3Failure,
  { host, anonymous, now }: S3Context,
  action: string,
): ClearstackError {
  const fault = clockFault(headers, now) ??
    (code === "RequestTimeTooSkewed" ? "this machine's clock is off" : undefined);
  if (fault !== undefined) return new ClearstackError("forbidden", `${action}: ${host} refused it: ${fault}`);
  const known = REFUSALS[code ?? ""];
  if (known !== undefined) return new ClearstackError("forbidden", `${action}: ${host} ${known}`);
  const rights = {
    GET: "s3:GetObject and s3:ListBucket (without the latter an absent object looks forbidden)",
    HEAD: "s3:GetObject and s3:ListBucket (without the latter an absent object looks forbidden)",
    PUT: "s3:PutObject",
    POST: "s3:PutObject and s3:DeleteObject",
    DELETE: "s3:DeleteObject",
  }[request.method];
  const mend = anonymous
    ? "requests are unsigned (AWS_NO_SIGN_REQUEST), so it must be public"
    : `check that the credentials may ${rights}`;
  return new ClearstackError("forbidden", `${action}: ${host} denied access; ${mend}`);
}
