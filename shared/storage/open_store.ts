/**
 * From a URL to a store: one table of schemes. A new kind of object store is one line here and one file beside this one.
 */
import { ClearstackError } from "../errors.ts";
import { fileStore } from "./file_store.ts";
import { type GuardOptions, guardStore } from "./guard.ts";
import { httpStore } from "./http_store.ts";
import { memoryStore } from "./memory_store.ts";
import type { Store } from "./store.ts";
import { schemeOf } from "./url.ts";

/** Openers by scheme; a path without a scheme is a file. */
const OPENERS: Readonly<Record<string, (url: string) => Store>> = {
  file: fileStore,
  http: httpStore,
  https: httpStore,
  memory: memoryStore,
};

/**
 * Opens the store below a URL or a path. Nothing is read or created yet.
 *
 * @param url a path, or a `file:`, `http(s):` (read only) or `memory:NAME` URL
 * @throws {ClearstackError} `invalid-request` for a scheme that is not known
 */
export function openStore(url: string, options: GuardOptions = {}): Store {
  const scheme = schemeOf(url);
  const opener = OPENERS[scheme];
  if (opener === undefined) {
    const known = Object.keys(OPENERS).map((name) => `${name}:`).join(", ");
    throw new ClearstackError("invalid-request", `cannot open ${scheme}: URLs; give a path or one of ${known}`);
  }
  return guardStore(opener(url), options);
}
