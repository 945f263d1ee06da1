/** Answers for one object over HTTP: whole, a range of it, its size, or that it is still the same. */

/** A range of bytes within an object. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

type Body = Uint8Array | ReadableStream<Uint8Array>;

/** Object as it is answered. */
interface ServedObject {
  /** Bytes. */
  readonly size: number;
  /** Strong entity tag, in quotation marks. @default {none: it is neither compared nor told} */
  readonly etag?: string | undefined;
  /** Further headers of every answer that is no error. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads a part, which may be all; undefined if the object has gone meanwhile. Nobody changes the bytes before they are sent. */
  readonly read: (part: Part) => Body | undefined | Promise<Body | undefined>;
}

/** Answers GET and HEAD. A range of bytes is answered where one is asked for, the whole object where several are (RFC 9110, 14.2). */
export async function answerObject(
  { method, headers: asked }: Request,
  { size, etag, headers: own = {}, read }: ServedObject,
): Promise<Response> {
  const headers = { ...own, "accept-ranges": "bytes", ...(etag === undefined ? {} : { etag }) };
  if (matches(asked.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const isCurrent = asked.get("if-range") === null || asked.get("if-range") === etag;
  const part = isCurrent ? partOf(asked.get("range"), size) : undefined;
  if (part === "beyond") {
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } });
  }
  const stated = {
    ...headers,
    "content-length": String(part?.length ?? size),
    ...(part && { "content-range": `bytes ${part.offset}-${part.offset + part.length - 1}/${size}` }),
  };
  const status = part === undefined ? 200 : 206;
  if (method === "HEAD") return new Response(null, { status, headers: stated });
  const body = await read(part ?? { offset: 0, length: size });
  if (body === undefined) return new Response(null, { status: 404 });
  const stream = body instanceof ReadableStream ? body : uncopied(body);
  return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>, { status, headers: stated });
}

/** A body of bytes: given as they are, they would be copied first. */
function uncopied(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

function matches(tags: string | null, etag: string | undefined): boolean {
  if (tags === null || etag === undefined) return false;
  return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/**
 * The range that a header asks for; undefined for the whole object, also where several ranges, another unit or a range that ends
 * before it begins are asked for.
 */
function partOf(range: string | null, size: number): Part | "beyond" | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "beyond" : { offset: size - length, length };
  }
  const offset = Number(from);
  if (to !== "" && Number(to) < offset) return undefined;
  return offset >= size ? "beyond" : { offset, length: Math.min(to === "" ? size : Number(to) + 1, size) - offset };
}
