/** Refusal of places that no list allows. */
import { ClearstackError } from "shared/errors.ts";
import { canonicalUrl, redactUrl } from "../url.ts";
import { assertPublicHost } from "./address_guard.ts";
import { hasScheme, isListed, type Prefixes } from "./allowed_places.ts";

/** The error `forbidden` for a place outside of what is allowed; undefined for one inside. */
export function refusalOf(url: string, prefixes: Prefixes): Error | undefined {
  try {
    assertAllowed(url, prefixes);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** @throws {ClearstackError} `forbidden` for a place outside of what is allowed */
export function assertAllowed(url: string, prefixes: Prefixes): void {
  if (isListed(url, prefixes)) return;
  if (hasScheme(url, prefixes)) {
    if (/^https?:/i.test(url)) assertPublicHost(new URL(canonicalUrl(url)));
    return;
  }
  throw new ClearstackError("forbidden", `this service may not use ${redactUrl(url)}: ask whoever runs it to allow it`);
}
