/**
 * Objects behind a web server, read only. A query in the base URL (a signature) goes with every request and into no message.
 */
import { ClearstackError } from "shared/errors.ts";
import { infoOf, rangeHeader, readBody, readPart, reasonOf, tellState } from "./http_response.ts";
import { decodePath, encodeKey } from "./object_url.ts";
import type { Moved } from "../guard/patience.ts";
import { folderOf } from "../store.ts";
import type { ObjectInfo, ReadableStore, RequestOptions } from "../store.ts";
import { fetchNamed, type StoreEnvironment } from "../store_environment.ts";
import { keyUrl, redactUrl } from "../url.ts";

/** Opens what lies below an `http:` or `https:` URL. */
export function httpStore(url: string, environment: StoreEnvironment): ReadableStore {
  const shown = redactUrl(url);

  async function request<T>(
    key: string,
    { signal, moved = () => {}, seen, ...init }: HttpRequest,
    read: (response: Response, shownKey: string, moved: Moved) => Promise<T>,
  ): Promise<T | undefined> {
    const shownKey = redactUrl(keyUrl(shown, key));
    try {
      // A compressed transfer would hide the object's length, and Range would count compressed bytes.
      const headers = { "accept-encoding": "identity", ...init.headers };
      const response = await fetchNamed(environment)(keyUrl(url, key), { ...init, headers, signal: signal ?? null });
      moved();
      const failure = failureOf(response, shownKey);
      if (failure === null) {
        await tellState(response, seen);
        return await read(response, shownKey, moved);
      }
      await response.body?.cancel();
      if (failure === undefined) return undefined;
      throw failure;
    } catch (error) {
      if (error instanceof ClearstackError || error instanceof DOMException) throw error;
      // No cause: the runtime's message holds the whole URL, signature included.
      throw new ClearstackError("store-unavailable", `cannot read ${shownKey}: ${reasonOf(error)}`);
    }
  }

  return {
    url: shown,
    place: (key) => Promise.resolve(httpPlace(shown) + encodeKey(folderOf(key))),
    get: (key, { maxBytes = Infinity, ...options } = {}) =>
      request(key, options, (response, shownKey, moved) => readBody(response, shownKey, { moved, maxBytes })),
    getRange(key, range, options) {
      const init = { ...options, headers: { range: rangeHeader(range) } };
      return request(key, init, (response, shownKey, moved) => readPart(response, { what: shownKey, range, moved }));
    },
    head: (key, options) => headOf(request, key, options),
    list: () => unlistable(shown),
    listNames: () => unlistable(shown),
  };
}

/** The URL with its path escaped in one way, that of object stores: a bucket may be named by the URL of its server as well. */
function httpPlace(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${encodeKey(decodePath(pathname)).replace(/\/+$/, "")}/`;
}

interface HttpRequest extends RequestOptions {
  readonly method?: "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
}

type Requester = <T>(
  key: string,
  request: HttpRequest,
  read: (response: Response, shownKey: string, moved: Moved) => Promise<T>,
) => Promise<T | undefined>;

/** HEAD, or one byte of a GET where only GET is allowed (a URL signed for GET). */
async function headOf(request: Requester, key: string, options?: RequestOptions): Promise<ObjectInfo | undefined> {
  try {
    return await request(
      key,
      { ...options, method: "HEAD" },
      (response) => Promise.resolve(infoOf(response)),
    );
  } catch (error) {
    if (!(error instanceof ClearstackError && error.kind === "forbidden")) throw error;
    return await request(key, { ...options, headers: { range: "bytes=0-0" } }, async (response) => {
      await response.body?.cancel();
      return infoOf(response);
    });
  }
}

/** null: fine; undefined: no such object. */
function failureOf(response: Response, shownKey: string): ClearstackError | null | undefined {
  const { status } = response;
  if (status === 200 || status === 206) return null;
  if (status === 404 || status === 410) return undefined;
  const message = `cannot read ${shownKey}: the server answered ${status}`;
  if (status === 416) return new ClearstackError("corrupt-data", `${shownKey} is shorter than its metadata say`);
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new ClearstackError("store-unavailable", message);
  }
  return new ClearstackError("forbidden", `${message}; check the address and the right to read it`);
}

// deno-lint-ignore require-yield
async function* unlistable(shown: string): AsyncGenerator<string> {
  throw new ClearstackError("unsupported", `${shown} cannot be listed; name the array with --path`);
}
