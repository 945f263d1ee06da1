/** Requests for credentials, to the services that hand them out to machines. Their answers are secrets and appear nowhere. */
import { ClearstackError } from "shared/errors.ts";
import { retrier } from "../guard/guard_store.ts";
import type { StoreEnvironment } from "../store_environment.ts";

/** Which request, and how it is named in messages. */
interface IdentityRequest {
  readonly url: string;
  /** Name of the service, such as "the metadata server". */
  readonly service: string;
  readonly method?: "GET" | "PUT" | "POST";
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: URLSearchParams | string;
  /** What to check if the service refuses. @default {"check the identity given to this machine"} */
  readonly mend?: string;
  /** Longest time one attempt may take, milliseconds. @default {10000} */
  readonly timeoutMs?: number;
  /** @default {3} */
  readonly attempts?: number;
}

/**
 * Sends the request and gives the answer's text.
 *
 * @throws {ClearstackError} `store-unavailable` if the service cannot be reached, `forbidden` if it refuses
 */
export function identityRequest(environment: StoreEnvironment, request: IdentityRequest): Promise<string> {
  const { url, service, method = "GET", headers = {}, body = null, timeoutMs = 10_000, attempts = 3 } = request;
  const { mend = "check the identity given to this machine" } = request;
  const retry = retrier({ attempts, timeoutMs, backoffMs: 200 });
  const init = { method, headers, redirect: "error", body } as const;
  return retry(service, undefined, async ({ signal }) => {
    let response: Response;
    let text: string;
    try {
      response = await (environment.fetch ?? fetch)(url, { ...init, signal });
      text = await response.text();
    } catch (error) {
      if (error instanceof DOMException) throw error;
      // No cause: it may hold the URL.
      throw new ClearstackError("store-unavailable", `no credentials: ${service} cannot be reached`);
    }
    if (response.ok) return text;
    const passing = response.status === 429 || response.status >= 500;
    throw new ClearstackError(
      passing ? "store-unavailable" : "forbidden",
      `no credentials: ${service} answered ${response.status}; ${mend}`,
    );
  });
}

/**
 * Sends a request that is answered by an access token in the form of OAuth.
 *
 * @returns the token and its end, milliseconds since 1970
 * @throws {ClearstackError} as {@link identityRequest}
 */
export async function accessToken(
  environment: StoreEnvironment,
  request: IdentityRequest,
): Promise<{ readonly token: string; readonly expiresAt: number }> {
  const { service } = request;
  const answer = parseIdentity(service, await identityRequest(environment, request));
  const { access_token: token, expires_in: seconds } = answer;
  if (typeof token !== "string") throw new ClearstackError("forbidden", `no credentials: ${service} sent no token`);
  return { token, expiresAt: (environment.now ?? Date.now)() + Number(seconds ?? 300) * 1000 };
}

/** Reads a file that holds a token or a key. */
export async function readSecretFile(path: string, variable: string): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).trim();
  } catch {
    throw new ClearstackError("invalid-request", `the file that ${variable} names cannot be read: ${path}`);
  }
}

/** Parses an answer of an identity service. */
export function parseIdentity(service: string, text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Answered below, without the text: it may be a secret.
  }
  throw new ClearstackError("store-unavailable", `no credentials: ${service} sent an answer that is not JSON`);
}
