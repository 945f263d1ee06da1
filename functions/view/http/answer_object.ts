/** Answers for one object over HTTP: whole, a range of it, its size, or that it is still the same. */

/** Object as it is answered. */
interface ServedObject {
  readonly bytes: Uint8Array;
  /** Size and checksum of the bytes, see `objectEntry`. */
  readonly entry: string;
  readonly contentType: string;
  /** `Cache-Control`. */
  readonly caching: string;
}

/**
 * Answers GET and HEAD. A range of bytes is answered where one is asked for, the whole object where several are. The entity tag is
 * strong: it is made from the bytes.
 */
export function answerObject(
  { method, headers: asked }: Request,
  { bytes, entry, contentType, caching }: ServedObject,
): Response {
  const etag = `"${entry.replace(" ", "-")}"`;
  const headers = { etag, "cache-control": caching, "accept-ranges": "bytes" };
  if (matches(asked.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const isCurrent = asked.get("if-range") === null || asked.get("if-range") === etag;
  const range = isCurrent ? byteRange(asked.get("range"), bytes.length) : undefined;
  if (range === "beyond") {
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${bytes.length}` } });
  }
  const part = range === undefined ? bytes : bytes.subarray(range.first, range.last + 1);
  const stated = {
    ...headers,
    "content-type": contentType,
    "content-length": String(part.length),
    ...(range === undefined ? {} : { "content-range": `bytes ${range.first}-${range.last}/${bytes.length}` }),
  };
  const body = method === "HEAD" ? null : part as Uint8Array<ArrayBuffer>;
  return new Response(body, { status: range === undefined ? 200 : 206, headers: stated });
}

function matches(tags: string | null, etag: string): boolean {
  if (tags === null) return false;
  return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** First and last byte of a range; undefined for the whole object, also where several ranges or another unit are asked for. */
function byteRange(range: string | null, length: number): { first: number; last: number } | "beyond" | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const suffix = Math.min(Number(to), length);
    return suffix === 0 ? "beyond" : { first: length - suffix, last: length - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= length ? "beyond" : { first, last: to === "" ? length - 1 : Math.min(Number(to), length - 1) };
}
