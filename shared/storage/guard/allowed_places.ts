/** Lists of places that callers may name: without them, a caller could read and write whatever a service can. */
import { toFileUrl } from "@std/path";
import { canonicalUrl, filePath, isPlainName, schemeOf } from "../url.ts";

/** URL and path prefixes; one that is a scheme alone (`https://`, `s3://`) stands for all of it that is public. */
export type Prefixes = readonly string[];

/** Prefixes below which sources, PSFs and webhooks must lie, and those of outputs. */
export interface AllowedPlaces {
  readonly sources: Prefixes;
  readonly outputs: Prefixes;
}

/** Reads CLEARSTACK_ALLOW, CLEARSTACK_ALLOW_SOURCES and CLEARSTACK_ALLOW_OUTPUTS, each a list separated by spaces. */
export function readAllowedPlaces(env: (name: string) => string | undefined): AllowedPlaces {
  const list = (name: string) => (env(name) ?? "").split(/\s+/).filter((prefix) => prefix !== "");
  const both = list("CLEARSTACK_ALLOW");
  return {
    sources: [...both, ...list("CLEARSTACK_ALLOW_SOURCES")],
    outputs: [...both, ...list("CLEARSTACK_ALLOW_OUTPUTS")],
  };
}

/** The variables that {@link readAllowedPlaces} reads the same from; paths as URLs, since they may hold spaces. */
export function allowedVariables({ sources, outputs }: AllowedPlaces): Record<string, string> {
  const spelled = (prefix: string) =>
    isScheme(prefix) ? prefix : schemeOf(prefix) === "file" ? toFileUrl(filePath(prefix)).href : canonicalUrl(prefix);
  return {
    CLEARSTACK_ALLOW: "",
    CLEARSTACK_ALLOW_SOURCES: sources.map(spelled).join(" "),
    CLEARSTACK_ALLOW_OUTPUTS: outputs.map(spelled).join(" "),
  };
}

/** True if a prefix that is more than a scheme covers the place. */
export function isListed(url: string, prefixes: Prefixes): boolean {
  return prefixes.some((prefix) => !isScheme(prefix) && liesBelow(canonicalUrl(url), canonicalUrl(prefix)));
}

/** True if a prefix stands for all of the URL's scheme. */
export function hasScheme(url: string, prefixes: Prefixes): boolean {
  return prefixes.some((prefix) => isScheme(prefix) && prefix.toLowerCase() === `${schemeOf(url)}://`);
}

function isScheme(prefix: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/$/i.test(prefix);
}

/** Both spelled canonically, so that dot segments are resolved; an encoded one would only be resolved by the server. */
function liesBelow(url: string, prefix: string): boolean {
  const isPlain = isPlainName(url);
  const path = isPlain ? url : url.split(/[?#]/)[0]!;
  if (!isPlain && /%2e|%2f|%5c/i.test(path)) return false;
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
