/** Places that a caller's job may name. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { AllowedPlaces, Prefixes } from "shared/storage/guard/allowed_places.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { assertAllowed } from "shared/storage/guard/assert_allowed.ts";

/** `any`, or the prefixes below which sources, PSFs and outputs must lie, together or each kind its own. */
export type AllowedUrls = "any" | Prefixes | AllowedPlaces;

/** @throws {ClearstackError} `forbidden` for a location outside of what is allowed */
export function checkAllowedUrls(request: JobRequest, allowed: AllowedUrls): void {
  if (allowed === "any") return;
  const { sources, outputs } = "sources" in allowed ? allowed : { sources: allowed, outputs: allowed };
  for (const { url } of [request.source, ...psfLocations(request)]) assertAllowed(url, sources);
  if (request.webhook) assertAllowed(request.webhook.url, sources);
  assertAllowed(request.output.url, outputs);
}
