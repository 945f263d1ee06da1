/**
 * Shared Key authorisation of Azure Storage: an HMAC over the request in a prescribed spelling. `@azure/storage-common` signs
 * only the requests of its own pipeline, and cannot be imported where DEBUG may not be read, as in the functions. It brings 17
 * packages of 18 MB.
 */

/** Request to sign. */
interface AzRequest {
  readonly method: string;
  readonly url: URL;
  /** All headers, `x-ms-date` and `x-ms-version` among them. */
  readonly headers: Headers;
  /** Bytes of the body. */
  readonly length: number;
}

/** Standard headers in the order in which they are signed, around the content's length. */
const BEFORE_LENGTH = ["content-encoding", "content-language"];
const AFTER_LENGTH = [
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];

/** The Authorization header. Source: "Authorize with Shared Key", Azure Storage REST API, versions from 2015-02-21. */
export async function sharedKeyAuthorization(request: AzRequest, account: string, key: string): Promise<string> {
  const secret = Uint8Array.fromBase64(key);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const cryptoKey = await crypto.subtle.importKey("raw", secret, hmac, false, ["sign"]);
  const text = new TextEncoder().encode(stringToSign(request, account));
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", cryptoKey, text));
  return `SharedKey ${account}:${signature.toBase64()}`;
}

function stringToSign({ method, url, headers, length }: AzRequest, account: string): string {
  const values = (names: readonly string[]) => names.map((name) => headers.get(name) ?? "");
  const custom = [...headers.keys()].filter((name) => name.startsWith("x-ms-")).sort();
  const query = [...url.searchParams.keys()].map((name) => name.toLowerCase()).sort();
  return [
    method,
    ...values(BEFORE_LENGTH),
    length === 0 ? "" : String(length),
    ...values(AFTER_LENGTH),
    ...custom.map((name) => `${name}:${headers.get(name)}`),
    `/${account}${url.pathname}`,
    ...query.map((name) => `${name}:${url.searchParams.get(name)}`),
  ].join("\n");
}
