/** A web server for the files of one store: whole objects, ranges and HEAD, as object stores answer them. */
import { ClearstackError } from "shared/errors.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import { answerObject, type Part } from "./answer_object.ts";

/** Bytes that are read of a file at once. */
const PIECE_BYTES = 8 * 2 ** 20;

/** Handles requests for what lies in `store`; everything else is 404, and 403 where a link leads out of it. */
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
  await refuseOutside(store, key);
  return await answerObject(request, {
    size: info.size,
    etag: info.etag && quoted(info.etag),
    headers: { "content-type": "application/octet-stream" },
    read: (part) =>
      part.length === 0
        ? new Uint8Array()
        : part.length > PIECE_BYTES
        ? inPieces(store, key, part)
        : store.getRange(key, part),
  });
}

/** Objects may be larger than memory. What is cut short while it is sent ends the connection. */
function inPieces(store: ReadableStore, key: string, { offset, length }: Part): ReadableStream<Uint8Array> {
  const end = offset + length;
  let at = offset;
  return new ReadableStream({
    async pull(controller) {
      const piece = await store.getRange(key, { offset: at, length: Math.min(PIECE_BYTES, end - at) });
      if (piece === undefined) throw new ClearstackError("not-found", `${key} has gone while it was sent`);
      controller.enqueue(piece);
      at += piece.length;
      if (at === end) controller.close();
    },
  }, { highWaterMark: 0 });
}

/** @throws {ClearstackError} `forbidden` for an object that a link in the folder leads to, and that lies elsewhere */
async function refuseOutside(store: ReadableStore, key: string): Promise<void> {
  const [folder, place] = await Promise.all([store.place(), store.place(key)]);
  if (place.startsWith(folder)) return;
  throw new ClearstackError("forbidden", `${key} is a link that leads out of ${store.url}`);
}

/** Stores tell tags as they come: with or without the quotation marks that HTTP asks for. */
function quoted(tag: string): string {
  return /^(W\/)?".*"$/.test(tag) ? tag : `"${tag.replaceAll('"', "")}"`;
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
