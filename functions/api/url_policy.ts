/** Places that a caller may name: without this list, a caller could read and write whatever the service can. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { assertPublicHost } from "shared/storage/guard/address_guard.ts";
import { canonicalUrl, redactUrl, schemeOf } from "shared/storage/url.ts";

/** URL and path prefixes; one that is a scheme alone (`https://`, `s3://`) stands for all of it that is public. */
type Prefixes = readonly string[];

/** `any`, or the prefixes below which sources, PSFs and outputs must lie, together or each kind its own. */
export type AllowedUrls = "any" | Prefixes | { readonly sources: Prefixes; readonly outputs: Prefixes };

/** Reads CLEARSTACK_ALLOW, CLEARSTACK_ALLOW_SOURCES and CLEARSTACK_ALLOW_OUTPUTS, each a list separated by spaces. */
export function readAllowedUrls(env: (name: string) => string | undefined): AllowedUrls {
  const list = (name: string) => (env(name) ?? "").split(/\s+/).filter((prefix) => prefix !== "");
  const both = list("CLEARSTACK_ALLOW");
  return {
    sources: [...both, ...list("CLEARSTACK_ALLOW_SOURCES")],
    outputs: [...both, ...list("CLEARSTACK_ALLOW_OUTPUTS")],
  };
}

/** @throws {ClearstackError} `forbidden` for a location outside of what is allowed */
export function checkAllowedUrls(request: JobRequest, allowed: AllowedUrls): void {
  if (allowed === "any") return;
  const { sources, outputs } = "sources" in allowed ? allowed : { sources: allowed, outputs: allowed };
  for (const { url } of [request.source, ...[request.psf].flat()]) checkUrl(url, sources);
  if (request.webhook) checkUrl(request.webhook.url, sources);
  checkUrl(request.output.url, outputs);
}

function checkUrl(url: string, prefixes: Prefixes): void {
  if (prefixes.some((prefix) => !isScheme(prefix) && liesBelow(canonicalUrl(url), canonicalUrl(prefix)))) return;
  if (prefixes.some((prefix) => isScheme(prefix) && prefix.toLowerCase() === `${schemeOf(url)}://`)) {
    if (/^https?:/i.test(url)) assertPublicHost(parseUrl(url));
    return;
  }
  throw new ClearstackError(
    "forbidden",
    `this service may not use ${redactUrl(url)}: ask whoever runs it to allow it`,
  );
}

function parseUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new ClearstackError("invalid-request", `${schemeOf(url)}: URL: it cannot be parsed; check its spelling`);
}

function isScheme(prefix: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/$/i.test(prefix);
}

/** Both spelled canonically, so that dot segments are resolved; an encoded one would only be resolved by the server. */
function liesBelow(url: string, prefix: string): boolean {
  const path = url.split(/[?#]/)[0]!;
  if (/%2e|%2f|%5c/i.test(path)) return false;
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
