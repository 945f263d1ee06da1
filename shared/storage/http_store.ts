/**
 * Objects behind a web server, read only. A query in the base URL (a signature) goes with every request and into no message.
 */
import { ClearstackError } from "../errors.ts";
import type { ByteRange, ObjectInfo, Store } from "./store.ts";
import { sliceRange } from "./store.ts";
import { keyUrl, redactUrl } from "./url.ts";

/** Longest whole object that is accepted, and cut, where a server ignores a Range request. */
const MAX_UNRANGED_BYTES = 64 * 2 ** 20;

/** Opens what lies below an `http:` or `https:` URL. */
export function httpStore(url: string): Store {
  const shown = redactUrl(url);
  const readOnly = () =>
    Promise.reject(new ClearstackError("unwritable", `${shown} is read only; write to a path instead`));

  async function request<T>(
    key: string,
    init: RequestInit,
    read: (response: Response, shownKey: string) => Promise<T>,
  ): Promise<T | undefined> {
    const shownKey = redactUrl(keyUrl(shown, key));
    try {
      // A compressed transfer would hide the object's length, and Range would count compressed bytes.
      const headers = { "accept-encoding": "identity", ...init.headers };
      const response = await fetch(keyUrl(url, key), { ...init, headers });
      const failure = failureOf(response, shownKey);
      if (failure === null) return await read(response, shownKey);
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
    writable: false,
    get: (key, { signal } = {}) => request(key, { signal: signal ?? null }, readBody),
    getRange(key, range, { signal } = {}) {
      const wanted = "suffixLength" in range
        ? `-${range.suffixLength}`
        : `${range.offset}-${range.offset + range.length - 1}`;
      const init = { signal: signal ?? null, headers: { range: `bytes=${wanted}` } };
      return request(key, init, (response, shownKey) => readPart(response, shownKey, range));
    },
    head: (key, { signal } = {}) => headOf(request, key, signal),
    put: readOnly,
    list: () => unlistable(shown),
    listNames: () => unlistable(shown),
    delete: readOnly,
    deleteAll: readOnly,
  };
}

type Requester = <T>(
  key: string,
  init: RequestInit,
  read: (response: Response, shownKey: string) => Promise<T>,
) => Promise<T | undefined>;

/** HEAD, or one byte of a GET where only GET is allowed (a URL signed for GET). */
async function headOf(request: Requester, key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
  try {
    return await request(
      key,
      { method: "HEAD", signal: signal ?? null },
      (response) => Promise.resolve(infoOf(response)),
    );
  } catch (error) {
    if (!(error instanceof ClearstackError && error.kind === "forbidden")) throw error;
    return await request(key, { signal: signal ?? null, headers: { range: "bytes=0-0" } }, async (response) => {
      await response.body?.cancel();
      return infoOf(response);
    });
  }
}

function infoOf(response: Response): ObjectInfo {
  const total = response.headers.get("content-range")?.split("/")[1];
  const etag = response.headers.get("etag") ?? response.headers.get("last-modified");
  return { size: Number(total ?? response.headers.get("content-length") ?? NaN), ...(etag === null ? {} : { etag }) };
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

async function readBody(response: Response, shownKey: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const promised = response.headers.get("content-length");
  if (promised !== null && !response.headers.has("content-encoding") && Number(promised) !== bytes.length) {
    throw new ClearstackError(
      "store-unavailable",
      `${shownKey}: ${bytes.length} bytes came of the ${promised} promised`,
    );
  }
  return bytes;
}

async function readPart(response: Response, shownKey: string, range: ByteRange): Promise<Uint8Array> {
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if ("offset" in range && start !== undefined && Number(start) !== range.offset) {
      await response.body?.cancel();
      throw new ClearstackError(
        "store-unavailable",
        `${shownKey}: bytes from ${start} came, ${range.offset} was asked`,
      );
    }
    return await readBody(response, shownKey);
  }
  if (!(Number(response.headers.get("content-length") ?? Infinity) <= MAX_UNRANGED_BYTES)) {
    await response.body?.cancel();
    throw new ClearstackError("unsupported", `the server of ${shownKey} ignores Range requests; copy the file first`);
  }
  return sliceRange(await readBody(response, shownKey), range);
}

// deno-lint-ignore require-yield
async function* unlistable(shown: string): AsyncGenerator<string> {
  throw new ClearstackError("unsupported", `${shown} cannot be listed; name the array with --path`);
}

/** The runtime's reason without the URL in it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*(?:for url )?\(?https?:\/\/[^\s)]*\)?/g, "");
}
