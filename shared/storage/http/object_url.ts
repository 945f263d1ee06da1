/** Taking apart the URLs of object stores: `scheme://bucket/prefix`. */
import { ClearstackError } from "shared/errors.ts";
import { canonicalUrl, decodePath } from "../url.ts";

/** A place in an object store. */
interface ObjectUrl {
  /** Bucket, or account. */
  readonly host: string;
  /** Folders below it, decoded, without slashes at the ends. */
  readonly path: string;
  /** Beginning of the keys: the path and a slash, or nothing. */
  readonly root: string;
  /** The URL in one spelling. */
  readonly shown: string;
}

/**
 * Parses `scheme://host/path`.
 *
 * @param mend where credentials belong instead of the URL, for the message
 * @throws {ClearstackError} `invalid-request`; the message holds nothing of a user, password or query
 */
export function parseObjectUrl(url: string, mend: string): ObjectUrl {
  const scheme = url.slice(0, url.indexOf(":")).toLowerCase();
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const invalid = (reason: string) => new ClearstackError("invalid-request", `${scheme}: URL: ${reason}`);
  if (parsed === undefined || parsed.host === "") throw invalid(`write ${scheme}://BUCKET/FOLDER`);
  if (parsed.username || parsed.password || parsed.search) {
    throw invalid(`leave out user, password and query; ${mend}`);
  }
  if (parsed.hash !== "") throw invalid("write # as %23");
  const path = decodePath(parsed.pathname).replace(/^\//, "").replace(/\/$/, "");
  const bad = path !== "" && path.split("/").some((part) => part === "" || part === "." || part === "..");
  // deno-lint-ignore no-control-regex -- no such characters in keys
  if (bad || /[\\\x00-\x1f]/.test(path)) throw invalid(`${JSON.stringify(path)} is not a usable folder`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(parsed.host)) throw invalid("the bucket's name is not valid");
  return { host: parsed.host, path, root: path === "" ? "" : `${path}/`, shown: canonicalUrl(url) };
}

/** Percent-encodes a key for a URL's path; `/` stays. Stricter than the URL standard, as signatures ask for. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/").replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The URL of a path below a base (which ends in a slash), or of an absolute URL, with parameters added to its query. */
export function urlWithQuery(path: string, base: URL, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  // A plus means a space to some servers and itself to others.
  url.search = url.search.replaceAll("+", "%20");
  return url;
}
