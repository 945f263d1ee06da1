/** Which places a caller may name: whoever can reach a service could otherwise read and write whatever the service can. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { psfLocations } from "shared/psf_locations.ts";
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";

/** `any`, or URL and path prefixes below which sources, PSFs and outputs must lie. */
export type AllowedUrls = "any" | readonly string[];

/** @throws {ClearstackError} `forbidden` for a location outside of what is allowed */
export function checkAllowedUrls(request: JobRequest, allowed: AllowedUrls): void {
  if (allowed === "any") return;
  const prefixes = allowed.map(canonicalUrl);
  for (const { url } of [request.source, ...psfLocations(request), request.output]) {
    if (prefixes.some((prefix) => liesBelow(canonicalUrl(url), prefix))) continue;
    throw new ClearstackError(
      "forbidden",
      `this service may not use ${redactUrl(url)}: ask whoever runs it to allow it`,
    );
  }
}

/** Both spelled canonically, so that dot segments are resolved; an encoded one would only be resolved by the server. */
function liesBelow(url: string, prefix: string): boolean {
  const path = url.split(/[?#]/)[0]!;
  if (/%2e|%2f|%5c/i.test(path)) return false;
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
