/** Explanations of the errors of Azure Storage, each with its mend. */
import { ClearstackError } from "shared/errors.ts";
import type { AzCredentials } from "../credentials/az_credentials.ts";
import { clockFault } from "../http/clock_fault.ts";
import type { Failure } from "../http/object_client.ts";

/** Names that an explanation may use. */
interface AzContext {
  readonly account: string;
  readonly container: string;
  readonly credentials: AzCredentials["kind"];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Errors that pass by themselves, besides those whose status says so. */
const PASSING = new Set(["ContainerBeingDeleted", "Md5Mismatch", "OperationTimedOut", "ServerBusy"]);

const CHECK: Readonly<Record<AzCredentials["kind"], string>> = {
  key: "check AZURE_STORAGE_KEY, and that the account allows shared keys",
  sas: "check that AZURE_STORAGE_SAS_TOKEN has not expired and grants read, list, write, create and delete",
  token: "give the identity the role Storage Blob Data Contributor (or Reader) on the container",
  anonymous: "requests are unsigned (AZURE_NO_SIGN_REQUEST), so the container must be public",
};

/** The error that a failed answer means, or undefined for "no such object". */
export function explainAz(failure: Failure, context: AzContext): ClearstackError | undefined {
  const { status, request, headers } = failure;
  const { account, container, credentials, now } = context;
  const code = headers.get("x-ms-error-code") ?? undefined;
  const reading = request.method === "GET" || request.method === "HEAD";
  const action = `cannot ${reading ? "read" : "write"} ${request.what}`;
  const answer = `account ${account} answered ${status}${code === undefined ? "" : ` ${code}`}`;

  if (code === "ContainerNotFound") {
    return new ClearstackError("not-found", `${action}: account ${account} has no container ${container}`);
  }
  if (status === 404 && request.method !== "PUT") return undefined;
  if (status === 416) {
    return new ClearstackError("corrupt-data", `${request.what} is cut short: it ends before the bytes asked for`);
  }
  if (status === 429 || status >= 500 || status === 408 || PASSING.has(code ?? "")) {
    return new ClearstackError("store-unavailable", `${action}: ${answer}`);
  }
  if (code === "BlobArchived") {
    return new ClearstackError("unsupported", `${action}: it is archived; move it to a readable access tier first`);
  }
  if (status === 401 || status === 403 || code === "PublicAccessNotPermitted") {
    const fault = credentials === "anonymous" ? undefined : clockFault(headers, now);
    return new ClearstackError("forbidden", `${action}: ${answer}; ${fault ?? CHECK[credentials]}`);
  }
  return new ClearstackError(reading ? "unsupported" : "unwritable", `${action}: ${answer}`);
}
