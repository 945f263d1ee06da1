/**
 * Objects behind a web server, read only. A query in the base URL (a signature) goes with every request and into no message.
 */
import { ClearstackError } from "shared/errors.ts";
import { infoOf, rangeHeader, readBody, readPart, reasonOf, tellState } from "./http_response.ts";
import {
  contentCoding,
  decodeBody,
  freshState,
  keepBody,
  keptBody,
  MAX_WHOLE_BYTES,
  type WholeBody,
} from "./whole_bodies.ts";
import { encodeKey } from "./object_url.ts";
import type { Moved } from "../guard/patience.ts";
import {
  type ByteRange,
  folderOf,
  type ObjectInfo,
  type ReadableStore,
  type RequestOptions,
  sliceRange,
} from "../store.ts";
import { fetchNamed, type StoreEnvironment } from "../store_environment.ts";
import { decodePath, keyUrl, redactUrl } from "../url.ts";

/** Opens what lies below an `http:` or `https:` URL. */
export function httpStore(url: string, environment: StoreEnvironment): ReadableStore {
  const shown = redactUrl(url);
  const pages = webPages(shown);

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
      const failure = pages.isPage(response) ? undefined : failureOf(response, shownKey);
      if (failure === null) {
        // The length of a compressed body is not that of the file.
        if (contentCoding(response) === undefined) await tellState(response, seen);
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

  /** A whole body, decoded; with the state of the file that it is. */
  async function readWhole(response: Response, what: string, { moved, maxBytes }: ReadOptions): Promise<WholeBody> {
    const bytes = await readBody(response, what, { moved, maxBytes });
    const coding = contentCoding(response);
    if (coding === undefined) return { bytes, state: { ...infoOf(response), size: bytes.length } };
    const decoded = await decodeBody(bytes, coding, { what, maxBytes });
    return { bytes: decoded, state: { ...infoOf(response), size: decoded.length } };
  }

  /** A file that is to be kept, and what it is kept under. */
  async function fetchWhole(key: string, options: RequestOptions = {}): Promise<WholeBody | undefined> {
    const { seen: _, ...rest } = options;
    const body = await request(key, rest, keepWhole(key));
    if (body !== undefined) options.seen?.(body.state);
    return body;
  }

  const keepWhole = (key: string) => async (response: Response, what: string, moved: Moved): Promise<WholeBody> => {
    const length = Number(response.headers.get("content-length") ?? 0);
    if (length > MAX_WHOLE_BYTES) {
      await response.body?.cancel();
      throw tooLongToKeep(what, length);
    }
    const body = await readWhole(response, what, { moved, maxBytes: MAX_WHOLE_BYTES });
    keepBody(keyUrl(url, key), body);
    return body;
  };

  async function readRange(
    key: string,
    range: ByteRange,
    options: RequestOptions = {},
  ): Promise<Uint8Array | undefined> {
    const body = keptBody(keyUrl(url, key));
    if (body !== undefined) {
      options.seen?.(body.state);
      return sliceRange(body.bytes, range).slice();
    }
    const init = { ...options, headers: { range: rangeHeader(range) } };
    const answer = await request(key, init, async (response, what, moved) => {
      if (response.status === 206 && contentCoding(response) === undefined) {
        return await readPart(response, { what, range, moved });
      }
      if (response.status === 206) {
        // A part of what is compressed is nothing.
        await response.body?.cancel();
        return "again" as const;
      }
      return await keepWhole(key)(response, what, moved);
    });
    if (answer === undefined || answer instanceof Uint8Array) return answer;
    const whole = answer === "again" ? await fetchWhole(key, options) : answer;
    return whole && sliceRange(whole.bytes, range).slice();
  }

  // The first request for a part shows whether parts can be had; those that come meanwhile would each fetch the whole file.
  const first = new Map<string, Promise<unknown>>();

  return {
    url: shown,
    place: (key) => Promise.resolve(httpPlace(shown) + encodeKey(folderOf(key))),
    hint: () => pages.hint,
    get: (key, { maxBytes = Infinity, ...options } = {}) =>
      request(
        key,
        options,
        async (response, what, moved) => (await readWhole(response, what, { moved, maxBytes })).bytes,
      ),
    async getRange(key, range, options) {
      const before = first.get(key);
      if (before !== undefined) {
        await before.catch(() => {});
        return await readRange(key, range, options);
      }
      const mine = readRange(key, range, options);
      first.set(key, mine);
      return await mine;
    },
    async head(key, options) {
      const fresh = freshState(keyUrl(url, key));
      if (fresh !== undefined) return fresh;
      const found = await headOf(request, key, options);
      if (found === undefined) return undefined;
      const body = keptBody(keyUrl(url, key), found);
      if (body !== undefined) return { ...found, size: body.bytes.length };
      if (found.size > 0) return found;
      // A length that is not told, is that of a compressed body, or was left at 0 is known once the body came.
      return (await fetchWhole(key, options))?.state;
    },
    list: () => unlistable(shown),
    listNames: () => unlistable(shown),
  };
}

interface ReadOptions {
  readonly moved: Moved;
  readonly maxBytes: number;
}

function tooLongToKeep(what: string, length: number): ClearstackError {
  return new ClearstackError(
    "unsupported",
    `the server of ${what} ignores Range requests, and it has ${length} bytes, more than the ${MAX_WHOLE_BYTES} that are ` +
      "fetched whole; copy it here first",
    { value: length, limit: MAX_WHOLE_BYTES },
  );
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
      (response) => Promise.resolve(fileInfo(response)),
    );
  } catch (error) {
    if (!(error instanceof ClearstackError && error.kind === "forbidden")) throw error;
    return await request(key, { ...options, headers: { range: "bytes=0-0" } }, async (response) => {
      await response.body?.cancel();
      return fileInfo(response);
    });
  }
}

/** What the headers tell of the file itself: nothing of its length where the body is compressed. */
function fileInfo(response: Response): ObjectInfo {
  const info = infoOf(response);
  return contentCoding(response) === undefined ? info : { ...info, size: NaN };
}

/** Web pages that come in place of files: servers of single-page programs send theirs for all that is missing. */
function webPages(shown: string) {
  let met = false;
  return {
    isPage(response: Response): boolean {
      const isPage = response.ok && /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
      met ||= isPage;
      return isPage;
    },
    get hint(): string | undefined {
      return met ? `the server of ${shown} sends a web page for what is not there` : undefined;
    },
  };
}

/** null: fine; undefined: no such object. */
function failureOf(response: Response, shownKey: string): ClearstackError | null | undefined {
  const { status } = response;
  if (status === 200 || status === 206) return null;
  if (status === 404 || status === 410 || status === 204) return undefined;
  const message = `cannot read ${shownKey}: the server answered ${status}`;
  if (status === 416) return new ClearstackError("corrupt-data", `${shownKey} is shorter than its metadata say`);
  // 501: this server will never know the method, such as HEAD; what it means by it is asked in another way.
  if (status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)) {
    return new ClearstackError("store-unavailable", message);
  }
  return new ClearstackError("forbidden", `${message}; check the address and the right to read it`);
}

// deno-lint-ignore require-yield
async function* unlistable(shown: string): AsyncGenerator<string> {
  throw new ClearstackError("unsupported", `${shown} cannot be listed; name the array with --path`);
}
