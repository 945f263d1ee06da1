/** A web server for the files of one store: whole objects, ranges and HEAD, as object stores answer them. */
import { ClearstackError } from "shared/errors.ts";
import type { ByteRange, ReadableStore } from "shared/storage/store.ts";

/** Handles requests for what lies in `store`; everything else is 404. */
export function serveFiles(store: ReadableStore): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await answer(store, request);
    } catch (error) {
      // Keys that leave the folder are refused by the store.
      if (error instanceof ClearstackError) return new Response(null, { status: error.status });
      throw error;
    }
  };
}

async function answer(store: ReadableStore, request: Request): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
  const key = keyOf(request.url);
  const info = await store.head(key);
  if (!info) return new Response(null, { status: 404 });
  const headers = new Headers({ "accept-ranges": "bytes", "content-length": String(info.size) });
  if (info.etag !== undefined) headers.set("etag", info.etag);
  if (request.method === "HEAD") return new Response(null, { headers });
  const range = parseRange(request.headers.get("range"), info.size);
  if (range === undefined) return new Response(await body(store.get(key)), { headers });
  if (range.length === 0) {
    return new Response(null, { status: 416, headers: { "content-range": `bytes */${info.size}` } });
  }
  headers.set("content-length", String(range.length));
  headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${info.size}`);
  return new Response(await body(store.getRange(key, range)), { status: 206, headers });
}

/** The path below the folder; what is no valid encoding names nothing that exists. */
function keyOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    return pathname.slice(1);
  }
}

async function body(bytes: Promise<Uint8Array | undefined>): Promise<Uint8Array<ArrayBuffer> | null> {
  return await bytes as Uint8Array<ArrayBuffer> | undefined ?? null;
}

/** The one range that was asked for, cut at the object's end; undefined where the header is absent or asks for more. */
function parseRange(header: string | null, size: number): Extract<ByteRange, { offset: number }> | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  const offset = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return { offset, length: Math.max(0, end - offset) };
}
