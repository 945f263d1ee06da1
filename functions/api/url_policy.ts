/** Places that a caller's job may name. */
import { ClearstackError } from "shared/errors.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { AllowedPlaces, Prefixes } from "shared/storage/guard/allowed_places.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { assertAllowed } from "shared/storage/guard/assert_allowed.ts";

/** `any`, or the prefixes below which sources, PSFs and outputs must lie, together or each kind its own. */
export type AllowedUrls = "any" | Prefixes | AllowedPlaces;

/** Place of an input, as locations name it. */
interface Input {
  readonly url: string;
  readonly path?: string | undefined;
}

/** @throws {ClearstackError} `forbidden` for a location outside of what is allowed */
export function checkAllowedUrls(request: JobRequest, allowed: AllowedUrls): void {
  checkAllowedInputs(request, allowed);
  if (allowed === "any") return;
  const { sources, outputs } = placesOf(allowed);
  if (request.webhook) assertAllowed(request.webhook.url, sources);
  assertAllowed(request.output.url, outputs);
}

/** @throws {ClearstackError} `invalid-request` for an input that is a view; `forbidden` for a source or a PSF outside of what is allowed */
export function checkAllowedInputs(request: Pick<JobRequest, "source" | "psf">, allowed: AllowedUrls): void {
  for (const input of [request.source, ...psfLocations(request)]) checkAllowedInput(input, allowed);
}

/** @throws {ClearstackError} as {@link checkAllowedInputs} */
export function checkAllowedInput(input: Input, allowed: AllowedUrls): void {
  refuseView(input);
  if (allowed !== "any") assertAllowed(input.url, placesOf(allowed).sources);
}

/** What is computed as it is read would wait for the very process that reads it, however its address is divided into URL and path. */
function refuseView({ url, path = "" }: Input): void {
  const { protocol, pathname = "" } = URL.parse(url) ?? {};
  const place = `${pathname.replace(/\/+$/, "")}/${path}/`;
  if (!/^https?:$/.test(protocol ?? "") || !/\/v1\/(?:views\/[^/]+|images)\/[^/]+\//i.test(place)) return;
  throw new ClearstackError(
    "invalid-request",
    "an input is a view, which is computed as it is read: name what it is of",
  );
}

function placesOf(allowed: Exclude<AllowedUrls, "any">): AllowedPlaces {
  return "sources" in allowed ? allowed : { sources: allowed, outputs: allowed };
}
