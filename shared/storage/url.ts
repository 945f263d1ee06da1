/**
 * URLs and paths that name stores: scheme, safe spelling for messages, joining with keys.
 */
import { fromFileUrl, resolve } from "@std/path";
import { ClearstackError } from "shared/errors.ts";

/** The scheme of a URL in lower case; `file` for a path (also for a Windows drive letter). */
export function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase() ?? "file";
}

/**
 * What keeps a URL from saying the same to every reader, or undefined. The URL parser mends `https:/host`, `http:\\\\host` and
 * what begins with a space, so such a URL could be a path to one reader and a server with a password to the next.
 */
export function urlFault(url: string): string | undefined {
  if (!isWritable(url)) return UNWRITABLE;
  // deno-lint-ignore no-control-regex -- what the parser leaves out
  const mended = url.replace(/^[\x00-\x20]+|[\t\n\r]/g, "");
  const scheme = schemeOf(mended);
  if (scheme !== schemeOf(url)) return "leave out what stands before the scheme or in it";
  if (scheme === "file" || scheme === "memory") return undefined;
  return new RegExp(`^${scheme.replaceAll(/[+.]/g, "\\$&")}://[^/\\\\]`, "i").test(url)
    ? undefined
    : `write ${scheme}:// and a name, as in ${scheme}://name/folder`;
}

/** What no store can have in a name: it would be cut off there, or written as something else. */
export const UNWRITABLE = "a name holds NUL or half of a character, which no store can write";

/** False for a name with {@link UNWRITABLE}. */
export function isWritable(name: string): boolean {
  return name.isWellFormed() && !name.includes("\0");
}

/** True for a URL of memory that is a plain name, in which `?`, `#` and `@` are characters as any other; `memory://` is parsed. */
function isMemoryName(url: string): boolean {
  return schemeOf(url) === "memory" && !url.includes("//");
}

/** True where the whole URL is a name or a path: there is no user, password, query or fragment to be told apart. */
export function isPlainName(url: string): boolean {
  return schemeOf(url) === "file" || isMemoryName(url);
}

/** The URL without user, password, query and fragment: fit for messages, logs and provenance. */
export function redactUrl(url: string): string {
  if (isPlainName(url) && urlFault(url) === undefined) return url;
  const parsed = parseUrl(url);
  parsed.username =
    parsed.password =
    parsed.search =
    parsed.hash =
      "";
  return parsed.href;
}

/** Absolute path of a `file:` URL or of a path. */
export function filePath(url: string): string {
  try {
    return resolve(/^file:/i.test(url) ? fromFileUrl(url) : url);
  } catch {
    throw new ClearstackError(
      "invalid-request",
      `${url} is not a usable file URL; write file:///absolute/path or a path`,
    );
  }
}

/** The same place in one spelling: absolute paths, normalised URLs, no trailing slash. Keeps a query. */
export function canonicalUrl(url: string): string {
  if (schemeOf(url) === "file" && urlFault(url) === undefined) return filePath(url);
  if (isMemoryName(url)) return url.replace(/\/+$/, "");
  const parsed = parseUrl(url);
  parsed.pathname = parsed.pathname.replace(/\/+$/, "");
  return parsed.href;
}

/** URL of a key below a base URL; a query (a signature, say) stays at the end. */
export function keyUrl(base: string, key: string): string {
  const parsed = parseUrl(base);
  const path = key.split("/").map(encodeURIComponent).join("/");
  parsed.pathname = `${parsed.pathname.replace(/\/+$/, "")}/${path}`;
  return parsed.href;
}

/** URL or path of an object in the store at a URL or path; the inverse of {@link splitObject}. */
export function objectUrl(base: string, key: string): string {
  if (!isPlainName(base)) return keyUrl(base, key);
  return `${isMemoryName(base) ? base : filePath(base)}/${key}`;
}

/** Splits the URL of one object into the store that holds it and its key. */
export function splitObject(url: string): { readonly base: string; readonly key: string } {
  const canonical = canonicalUrl(url);
  const query = schemeOf(url) === "file" ? "" : (/[?#].*$/.exec(canonical)?.[0] ?? "");
  const bare = canonical.slice(0, canonical.length - query.length);
  const cut = Math.max(bare.lastIndexOf("/"), bare.lastIndexOf("\\"));
  const key = bare.slice(cut + 1);
  const isFile = schemeOf(url) === "file";
  return { base: (bare.slice(0, cut) || "/") + query, key: isFile ? key : decodePath(key) };
}

/** The path of a URL as it is meant; as it stands where its escapes mean nothing. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** True if one URL is the other, or lies inside it, by their spelling alone; see {@link placesOverlap}. */
export function urlsOverlap(a: string, b: string): boolean {
  return placesOverlap(spelledPlace(a), spelledPlace(b));
}

/** True if a URL is a folder's, or lies inside it, by their spelling alone. */
export function urlLiesIn(url: string, folder: string): boolean {
  return spelledPlace(url).startsWith(spelledPlace(folder));
}

/** Ends in a slash, as places of stores do. */
function spelledPlace(url: string): string {
  return `${redactUrl(canonicalUrl(url)).replace(/[\\/]+$/, "")}/`;
}

/** True if one place is the other, or lies inside it, as stores tell them by `place`. */
export function placesOverlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

/** @throws {ClearstackError} `invalid-request`; the message holds nothing of the URL, which may hold a secret */
function parseUrl(url: string): URL {
  const fault = urlFault(url);
  if (fault !== undefined) throw new ClearstackError("invalid-request", `a URL is misspelled: ${fault}`);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw new ClearstackError("invalid-request", "a URL cannot be parsed; check its spelling");
  return parsed;
}
