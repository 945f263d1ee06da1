/** Writing objects of Google Cloud Storage: in one request, resumably where large, and only where absent. */
import { ClearstackError } from "shared/errors.ts";
import { checksumOf } from "shared/codec/checksum.ts";
import { drain } from "../http/http_response.ts";
import type { ObjectClient } from "../http/object_client.ts";
import { writeOnce } from "../http/write_once.ts";

/** An object to be written. */
export interface Upload extends UploadPlace {
  readonly bytes: Uint8Array;
}

/** Where an object is written. */
export interface UploadPlace {
  /** Path of the bucket's objects for uploads. */
  readonly path: string;
  /** Path of the object itself. */
  readonly objectPath: string;
  readonly name: string;
  readonly what: string;
  readonly mediaType: string;
  readonly signal?: AbortSignal | undefined;
}

/** Metadata by which a writer knows its own work again. */
const WRITE_ID = "clearstack-write";

/** Writes an object in one request; the server verifies its MD5. */
export async function putObject(send: ObjectClient, upload: Upload): Promise<void> {
  const { body, headers } = multipart(upload, {});
  const { path, what, signal } = upload;
  await send({ method: "POST", path, query: { uploadType: "multipart" }, headers, body, what, signal }, drain);
}

/**
 * Writes an object if it has the generation that is expected, or is absent where none is: its new generation, or undefined if it
 * is not so.
 */
export function swapObject(
  send: ObjectClient,
  upload: Upload,
  expected: string | undefined,
): Promise<string | undefined> {
  const { path, objectPath, what, signal } = upload;
  return writeOnce({
    async put(writeId) {
      const { body, headers } = multipart(upload, { [WRITE_ID]: writeId });
      const query = { uploadType: "multipart", ifGenerationMatch: expected ?? "0" };
      const request = { method: "POST", path, query, headers, body, what, signal, accept: isOther } as const;
      return await send(request, async (response, moved) => {
        if (!isOther(response)) return (await response.json() as { generation: string }).generation;
        await drain(response, moved);
        return undefined;
      });
    },
    written: () =>
      send(
        { method: "GET", path: objectPath, query: { fields: "metadata,generation" }, what, signal },
        async (response) => {
          const { metadata, generation } = await response.json() as {
            metadata?: Record<string, string>;
            generation: string;
          };
          return { writeId: metadata?.[WRITE_ID], tag: generation };
        },
      ),
  });
}

/** The parts of an object that is written part after part. */
interface Parts {
  readonly parts: readonly Uint8Array[] | AsyncIterable<Uint8Array>;
  readonly totalBytes: number;
  /** Of all of them, where it is known before. */
  readonly md5?: string;
}

/** Writes a large object part after part; a lost part is sent again, and the object appears with the last one. */
export async function putResumably(
  send: ObjectClient,
  upload: UploadPlace,
  { parts, totalBytes, md5 }: Parts,
): Promise<void> {
  const { path, what, mediaType, name, signal } = upload;
  const session = await send({
    method: "POST",
    path,
    query: { uploadType: "resumable" },
    headers: { "content-type": "application/json; charset=UTF-8", "x-upload-content-type": mediaType },
    body: new TextEncoder().encode(JSON.stringify({ name, contentType: mediaType, md5Hash: md5 })),
    what,
    signal,
  }, async (response, moved) => {
    await drain(response, moved);
    return response.headers.get("location") ?? undefined;
  });
  if (session === undefined) throw new ClearstackError("unwritable", `cannot write ${what}: no upload address came`);
  try {
    let first = 0;
    for await (const body of parts) {
      await putPart(send, { session, body, first, totalBytes, what, signal });
      first += body.length;
    }
  } catch (error) {
    // With a fresh signal: the upload is removed also where it failed because the caller gave up.
    await send({ method: "DELETE", path: session, what, accept: isAborted }, drain).catch(() => {});
    throw error;
  }
}

/** One part at its place; bytes that the server has already are sent again and ignored there. */
async function putPart(
  send: ObjectClient,
  { session, body, first, totalBytes, what, signal }: {
    session: string;
    body: Uint8Array;
    first: number;
    totalBytes: number;
    what: string;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const end = first + body.length;
  const headers = { "content-range": `bytes ${first}-${end - 1}/${totalBytes}` };
  await send(
    { method: "PUT", path: session, headers, body, what, signal, accept: isIncomplete },
    async (response, moved) => {
      await drain(response, moved);
      if (!isIncomplete(response)) return;
      const kept = Number(/^bytes=0-(\d+)$/.exec(response.headers.get("range") ?? "")?.[1] ?? -1) + 1;
      if (kept < end || end === totalBytes) {
        throw new ClearstackError("store-unavailable", `cannot write ${what}: ${kept} of ${end} bytes were kept`);
      }
    },
  );
}

/** Metadata and bytes in one body (RFC 2387). */
function multipart(upload: Upload, metadata: Readonly<Record<string, string>>) {
  const boundary = crypto.randomUUID();
  const text = new TextEncoder();
  const head = text.encode(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n` +
      `${JSON.stringify(resource(upload, metadata))}\r\n--${boundary}\r\ncontent-type: ${upload.mediaType}\r\n\r\n`,
  );
  const tail = text.encode(`\r\n--${boundary}--\r\n`);
  const body = new Uint8Array(head.length + upload.bytes.length + tail.length);
  body.set(head);
  body.set(upload.bytes, head.length);
  body.set(tail, head.length + upload.bytes.length);
  return { body, headers: { "content-type": `multipart/related; boundary=${boundary}` } };
}

function resource({ name, mediaType, bytes }: Upload, metadata: Readonly<Record<string, string>>) {
  return { name, contentType: mediaType, md5Hash: checksumOf("md5", bytes), metadata };
}

function isOther(response: Response): boolean {
  return response.status === 412;
}

function isIncomplete(response: Response): boolean {
  return response.status === 308;
}

/** Google's own status for an upload that its client gave up. */
function isAborted(response: Response): boolean {
  return response.status === 499 || response.status === 404;
}
