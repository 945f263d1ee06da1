/** Reading answers of web servers and object stores strictly: whole bodies, exact ranges, reasons without secrets. */
import { ClearstackError } from "shared/errors.ts";
import { bodyBytes, type BodyOptions } from "./body_bytes.ts";
import type { Moved } from "../guard/patience.ts";
import type { ByteRange, ObjectInfo, RequestOptions } from "../store.ts";
import { MAX_DOCUMENT_BYTES, sliceRange } from "../store.ts";

/** Longest whole object that is accepted, and cut, where a server ignores a Range request. */
const MAX_UNRANGED_BYTES = 64 * 2 ** 20;

/** Bytes besides those that were asked for, to be told of; what sends more is left. */
const MAX_EXCESS_BYTES = 2 ** 16;

/** Value of the Range header. */
export function rangeHeader(range: ByteRange): string {
  return "suffixLength" in range
    ? `bytes=-${range.suffixLength}`
    : `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/** Size, entity tag and times from the headers. */
export function infoOf({ headers }: Response): ObjectInfo {
  const total = headers.get("content-range")?.split("/")[1];
  const etag = headers.get("etag") ?? headers.get("last-modified");
  const modifiedMs = Date.parse(headers.get("last-modified") ?? "");
  // A cache keeps the date of the answer that it repeats, and says how old that is.
  const answeredMs = Date.parse(headers.get("date") ?? "") + 1000 * Number(headers.get("age") ?? 0);
  return {
    size: Number(total ?? headers.get("content-length") ?? NaN),
    ...(etag === null ? {} : { etag }),
    ...(Number.isNaN(modifiedMs) ? {} : { modifiedMs }),
    ...(Number.isNaN(answeredMs) ? {} : { answeredMs }),
  };
}

/** Tells a caller which state of an object an answer is of; ends the answer if the caller does not want it. */
export async function tellState(
  response: Response,
  seen: RequestOptions["seen"],
  state: ObjectInfo = infoOf(response),
): Promise<void> {
  try {
    seen?.(state);
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
}

/**
 * The whole body.
 *
 * @param what the object's name for messages
 * @throws {ClearstackError} `store-unavailable` if fewer or more bytes came than promised
 */
export async function readBody(response: Response, what: string, options: BodyOptions): Promise<Uint8Array> {
  const bytes = await bodyBytes(response, what, options);
  const promised = response.headers.get("content-length");
  if (promised !== null && !response.headers.has("content-encoding") && Number(promised) !== bytes.length) {
    throw new ClearstackError("store-unavailable", `${what}: ${bytes.length} bytes came of the ${promised} promised`);
  }
  return bytes;
}

/** The whole body as text: a page of a listing, say. */
export async function readText(response: Response, moved: Moved): Promise<string> {
  const what = `the answer of ${URL.parse(response.url)?.host ?? "the server"}`;
  return new TextDecoder().decode(await bodyBytes(response, what, { moved, maxBytes: MAX_DOCUMENT_BYTES }));
}

/** Part that a Range request asks for. */
interface AskedPart {
  /** The object's name for messages. */
  readonly what: string;
  readonly range: ByteRange;
  readonly moved: Moved;
}

/**
 * The body of an answer to a Range request; also from a server that sends the whole object instead, if that is small.
 *
 * @throws {ClearstackError} `store-unavailable` if other bytes came than the server has and were asked for; `unsupported`
 */
export async function readPart(response: Response, { what, range, moved }: AskedPart): Promise<Uint8Array> {
  if (response.status !== 206) {
    if (Number(response.headers.get("content-length") ?? Infinity) <= MAX_UNRANGED_BYTES) {
      return sliceRange(await readBody(response, what, { moved, maxBytes: MAX_UNRANGED_BYTES }), range);
    }
    await response.body?.cancel();
    throw new ClearstackError("unsupported", `the server of ${what} ignores Range requests; copy the file first`);
  }
  const asked = "offset" in range ? range.length : range.suffixLength;
  const bytes = await readBody(response, what, { moved, maxBytes: asked + MAX_EXCESS_BYTES });
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (start === undefined) return bytes;
  const size = Number(total);
  const from = "offset" in range ? range.offset : Math.max(0, size - range.suffixLength);
  const length = Math.min("offset" in range ? range.length : range.suffixLength, size - from);
  if (Number(start) === from && bytes.length === length) return bytes;
  const fault = Number(start) === from
    ? `cut short: ${bytes.length} bytes came where ${length} were asked for`
    : `bytes from ${start} came where those from ${from} were asked for`;
  throw new ClearstackError("store-unavailable", `${what}: ${fault}`);
}

/** Reads an answer to its end, so that its connection can be used again. */
export async function drain(response: Response, moved: Moved): Promise<void> {
  await bodyBytes(response, "the answer", { moved, maxBytes: MAX_DOCUMENT_BYTES });
}

/** The runtime's reason of a failed request, without the URL in it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*(?:for url )?\(?https?:\/\/[^\s)]*\)?/g, "");
}
