/**
 * Stores as a browser has them, in place of shared/storage/open_store.ts in what is bundled for it: web servers that let the page read
 * them, and files that somebody has chosen. Nothing can be written.
 */
import { pageStore } from "functions/view/page/data/page_store.ts";
import { ClearstackError } from "shared/errors.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import { schemeOf, splitObject } from "shared/storage/url.ts";
import { isZip, zipStore } from "shared/storage/zip_store.ts";
import { droppedStore } from "./dropped_store.ts";

/** Opens the store below an `http:` or `https:` URL, or below the place of a file that was chosen. */
export function openReadable(url: string): ReadableStore {
  if (isZip(url)) {
    const { base, key } = splitObject(url);
    return zipStore(openReadable(base), key);
  }
  const scheme = schemeOf(url);
  if (scheme === "http" || scheme === "https") return pageStore(url);
  if (scheme === "memory") return droppedStore(url);
  throw new ClearstackError("unsupported", `a browser cannot open ${scheme}: URLs; give one of https: or a file`);
}

/** @throws {ClearstackError} `unwritable` */
export function openStore(url: string): never {
  throw new ClearstackError("unwritable", `a browser writes nothing to ${url}`);
}
