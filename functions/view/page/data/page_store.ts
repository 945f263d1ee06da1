/**
 * Objects behind a web server as a browser can read them. What goes wrong there is told apart here, for `fetch` says
 * "Failed to fetch" of everything: of servers that are away, of those that do not let pages read them, and of pages that may not ask.
 */
import { ClearstackError } from "shared/errors.ts";
import { assertWithin, type ByteRange, type ReadableStore, type RequestOptions } from "shared/storage/store.ts";
import { keyUrl, redactUrl } from "shared/storage/url.ts";

/** Opens what lies below an `http:` or `https:` URL; its query, a signature, goes with every request. */
export function pageStore(base: string): ReadableStore {
  const shown = redactUrl(base);

  async function request(key: string, headers: HeadersInit, { signal, maxBytes }: RequestOptions = {}) {
    const url = keyUrl(base, key);
    const response = await answer(url, { headers, signal: signal ?? null });
    const what = redactUrl(url);
    if (isAbsent(response)) return undefined;
    if (!response.ok) throw failureOf(response, what);
    assertWithin(Number(response.headers.get("content-length") ?? 0), maxBytes, what);
    const bytes = new Uint8Array(
      await response.arrayBuffer().catch((cause) => {
        throw signal?.aborted ? cancelled() : new ClearstackError("store-unavailable", `${what} broke off`, { cause });
      }),
    );
    assertWithin(bytes.length, maxBytes, what);
    return { bytes, isPart: response.status === 206, what };
  }

  return {
    url: shown,
    place: () => Promise.resolve(`${shown}/`),
    get: async (key, options) => (await request(key, {}, options))?.bytes,
    async getRange(key, range, options) {
      const found = await request(key, { range: rangeHeader(range) }, options);
      if (found === undefined) return undefined;
      const bytes = found.isPart ? found.bytes : cut(found.bytes, range);
      const wanted = "offset" in range ? range.length : range.suffixLength;
      if (bytes.length === wanted) return bytes;
      throw new ClearstackError("corrupt-data", `${found.what} is shorter than its metadata say`);
    },
    async head(key, { signal } = {}) {
      const response = await answer(keyUrl(base, key), { method: "HEAD", signal: signal ?? null });
      return response.ok ? { size: Number(response.headers.get("content-length") ?? NaN) } : undefined;
    },
    list: () => unlistable(shown),
    listNames: () => unlistable(shown),
  };
}

function rangeHeader(range: ByteRange): string {
  return "offset" in range
    ? `bytes=${range.offset}-${range.offset + range.length - 1}`
    : `bytes=-${range.suffixLength}`;
}

/** A part of a whole body, where the server took no notice of the range. */
function cut(bytes: Uint8Array, range: ByteRange): Uint8Array {
  return "offset" in range
    ? bytes.subarray(range.offset, range.offset + range.length)
    : bytes.subarray(Math.max(0, bytes.length - range.suffixLength));
}

/** Servers of single-page programs answer what is missing with their page. */
function isAbsent(response: Response): boolean {
  const isPage = response.ok && /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
  return isPage || response.status === 404 || response.status === 410;
}

function failureOf({ status }: Response, what: string): ClearstackError {
  const message = `the server of ${what} answered ${status}`;
  return status === 429 || status >= 500
    ? new ClearstackError("store-unavailable", message)
    : new ClearstackError("forbidden", message);
}

function cancelled(): ClearstackError {
  return new ClearstackError("cancelled", "it is not needed any more");
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cancelled();
    throw await explainFetch(url, cause);
  }
}

/** A second request, whose answer no page may read, tells whether there is a server that refuses. */
async function explainFetch(url: string, cause: unknown): Promise<ClearstackError> {
  const { origin, protocol, hostname } = new URL(url);
  if (location.protocol === "https:" && protocol === "http:" && !/^(localhost|127\.|\[::1\])/.test(hostname)) {
    return new ClearstackError("forbidden", `this page came by https, so the browser reads nothing from ${origin}`, {
      path: "mixed",
      cause,
    });
  }
  const isThere = await fetch(url, { mode: "no-cors" }).then(() => true, () => false);
  return isThere
    ? new ClearstackError("forbidden", `${origin} does not let this page read it`, { path: "cors", cause })
    : new ClearstackError("store-unavailable", `${origin} does not answer`, { cause });
}

// deno-lint-ignore require-yield
async function* unlistable(shown: string): AsyncGenerator<string> {
  throw new ClearstackError("unsupported", `${shown} cannot be listed`);
}
