/**
 * From a URL to a store: one table of schemes. A new kind of object store is one line here and one file beside this one.
 */
import { ClearstackError } from "shared/errors.ts";
import { azStore } from "./az/az_store.ts";
import { fileStore } from "./file_store.ts";
import { gsStore } from "./gs/gs_store.ts";
import { type GuardOptions, guardReadable, guardStore } from "./guard/guard_store.ts";
import { httpStore } from "./http/http_store.ts";
import { memoryStore } from "./memory_store.ts";
import { s3Store } from "./s3/s3_store.ts";
import type { ReadableStore, Store } from "./store.ts";
import type { StoreEnvironment } from "./store_environment.ts";
import { objectUrl, redactUrl, schemeOf, splitObject } from "./url.ts";
import { isZip, zipStore } from "./zip_store.ts";

/** Openers by scheme; a path without a scheme is a file. */
const OPENERS: Readonly<Record<string, (url: string, environment: StoreEnvironment) => Store>> = {
  file: fileStore,
  memory: memoryStore,
};

/** Schemes of web servers, which are read only. */
const WEB = ["http", "https"];

/** Openers of object stores. They guard their requests themselves, one by one: a call may be many pages or parts. */
const OBJECT_STORES: Readonly<
  Record<string, (url: string, environment: StoreEnvironment, options: GuardOptions) => Store>
> = {
  az: azStore,
  gs: gsStore,
  s3: s3Store,
};

/** Leaves to the guard layer the checks of keys and lengths only. */
const CHECKS_ONLY: GuardOptions = { concurrency: Infinity, attempts: 1, timeoutMs: 2 ** 31 - 1 };

/** Options for opening stores. */
export interface OpenOptions extends GuardOptions {
  /** Settings and credentials of object stores. */
  readonly environment: StoreEnvironment;
}

/**
 * Opens the store below a URL or a path. Nothing is read or created yet.
 *
 * @param url a path, or a `file:`, `s3:`, `gs:`, `az:` or `memory:NAME` URL
 * @throws {ClearstackError} `invalid-request` for a scheme that is not known, `forbidden` for a place that may not be named, `unwritable` for `http:` and `https:`
 */
export function openStore(url: string, options: OpenOptions): Store {
  const refusal = options.environment.refusal?.(url, "write");
  if (refusal !== undefined) throw refusal;
  return openWritable(url, options);
}

function openWritable(url: string, { environment, ...given }: OpenOptions): Store {
  const options = { ...environment.guard, ...given };
  const { wrap = (store) => store } = environment;
  const scheme = schemeOf(url);
  const openObjects = OBJECT_STORES[scheme];
  if (openObjects !== undefined) return guardStore(wrap(openObjects(url, environment, options)), CHECKS_ONLY);
  if (WEB.includes(scheme)) {
    throw new ClearstackError("unwritable", `${redactUrl(url)} is read only; write to a path instead`);
  }
  const opener = OPENERS[scheme];
  if (opener === undefined) {
    const known = ["file", ...WEB, "memory", ...Object.keys(OBJECT_STORES)].map((name) => `${name}:`).join(", ");
    throw new ClearstackError("invalid-request", `cannot open ${scheme}: URLs; give a path or one of ${known}`);
  }
  return guardStore(wrap(opener(url, environment)), options);
}

/**
 * Opens the store below a URL or a path, to read. Nothing is read yet.
 *
 * @param url what {@link openStore} takes, an `http:` or `https:` URL, or one of a zip, whose files are the objects
 * @returns a store whose objects are `forbidden` where neither the place nor they may be named
 * @throws {ClearstackError} `invalid-request` for a scheme that is not known
 */
export function openReadable(url: string, { environment, ...given }: OpenOptions): ReadableStore {
  if (isZip(url)) {
    const { base, key } = splitObject(url);
    return guardReadable(zipStore(openReadable(base, { environment, ...given }), key), CHECKS_ONLY);
  }
  const refusal = (place: string) => environment.refusal?.(place, "read");
  const store = WEB.includes(schemeOf(url))
    ? guardReadable(httpStore(url, environment), { ...environment.guard, ...given })
    : openWritable(url, { environment, ...given });
  const refused = refusal(url);
  return refused === undefined ? store : onlyAllowed(store, refused, (key) => refusal(objectUrl(url, key)));
}

/** A folder that may not be named, of which objects may be that are allowed by their own names. */
function onlyAllowed(
  store: ReadableStore,
  refused: Error,
  refusal: (key: string) => Error | undefined,
): ReadableStore {
  const ask = async <T>(key: string, call: () => Promise<T>): Promise<T> => {
    const error = refusal(key);
    if (error !== undefined) throw error;
    return await call();
  };
  // deno-lint-ignore require-yield -- nothing is listed
  const unlisted = async function* (): AsyncGenerator<never> {
    throw refused;
  };
  return {
    ...store,
    get: (key, options) => ask(key, () => store.get(key, options)),
    getRange: (key, range, options) => ask(key, () => store.getRange(key, range, options)),
    head: (key, options) => ask(key, () => store.head(key, options)),
    list: unlisted,
    listNames: unlisted,
  };
}
