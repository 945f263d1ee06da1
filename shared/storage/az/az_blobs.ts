/** Writing block blobs: whole, in blocks where large, and only where absent. */
import { createHash } from "node:crypto";
import { checksumOf } from "shared/codec/checksum.ts";
import { drain } from "../http/http_response.ts";
import type { ObjectClient } from "../http/object_client.ts";
import { sendParts } from "../http/parts.ts";
import { writeOnce } from "../http/write_once.ts";

/** A blob to be written. */
interface Blob extends BlobPlace {
  readonly bytes: Uint8Array;
}

/** Where a blob is written. */
interface BlobPlace {
  readonly path: string;
  readonly what: string;
  readonly mediaType: string;
  readonly signal?: AbortSignal | undefined;
}

/** Metadata by which a writer knows its own work again. */
const WRITE_ID = "x-ms-meta-clearstackwrite";

/** Writes a blob in one request; the server verifies its MD5 and keeps it. */
export async function putBlob(send: ObjectClient, blob: Blob): Promise<void> {
  await send({ ...blob, method: "PUT", headers: headersOf(blob), body: blob.bytes }, drain);
}

/** Writes a blob in blocks, and joins them. Blocks of a write that failed are invisible, and the service drops them after a week. */
export async function putBlocks(
  send: ObjectClient,
  { path, what, mediaType, signal }: BlobPlace,
  parts: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
): Promise<void> {
  const writeId = crypto.randomUUID();
  const whole = createHash("md5");
  const ids = await sendParts(parts, signal, async (body, index, blockSignal) => {
    // Parts come in their order.
    whole.update(body);
    // All ids of a blob must be equally long; one's own prefix keeps two writers of a blob apart.
    const id = btoa(`${writeId}-${String(index).padStart(5, "0")}`);
    const query = { comp: "block", blockid: id };
    const headers = { "content-md5": checksumOf("md5", body) };
    await send({ method: "PUT", path, query, headers, body, what, signal: blockSignal }, drain);
    return id;
  });
  const list = ids.map((id) => `<Latest>${id}</Latest>`).join("");
  const body = new TextEncoder().encode(`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`);
  const headers = {
    "content-type": "application/xml",
    "x-ms-blob-content-type": mediaType,
    "x-ms-blob-content-md5": whole.digest("base64"),
  };
  await send({ method: "PUT", path, query: { comp: "blocklist" }, headers, body, what, signal }, drain);
}

/** Writes a blob if it has the tag that is expected, or is absent where none is: its new tag, or undefined if it is not so. */
export function swapBlob(send: ObjectClient, blob: Blob, expected: string | undefined): Promise<string | undefined> {
  const { path, what, bytes: body, signal } = blob;
  const condition: Record<string, string> = expected === undefined
    ? { "if-none-match": "*" }
    : { "if-match": expected };
  return writeOnce({
    async put(writeId) {
      const headers = { ...headersOf(blob), ...condition, [WRITE_ID]: writeId };
      return await send(
        { method: "PUT", path, what, headers, body, signal, accept: isOther },
        async (response, moved) => {
          await drain(response, moved);
          return isOther(response) ? undefined : blobTag(response);
        },
      );
    },
    written: () =>
      send({ method: "HEAD", path, what, signal }, (response) => {
        return { writeId: response.headers.get(WRITE_ID) ?? undefined, tag: blobTag(response) };
      }),
  });
}

/** Tag of the blob that an answer is about. */
export function blobTag(response: Response): string {
  return response.headers.get("etag") ?? "";
}

/** Removes a blob and its snapshots; an absent one is no error. */
export async function deleteBlob(send: ObjectClient, target: { path: string; what: string }): Promise<void> {
  await send({ ...target, method: "DELETE", headers: { "x-ms-delete-snapshots": "include" } }, drain);
}

function headersOf({ bytes, mediaType }: Blob): Record<string, string> {
  return { "x-ms-blob-type": "BlockBlob", "content-type": mediaType, "content-md5": checksumOf("md5", bytes) };
}

/** Azure says 409 in most cases and 412 in some; both statuses also have other reasons, which are explained instead. */
function isOther({ status, headers }: Response): boolean {
  const code = headers.get("x-ms-error-code");
  return (status === 409 && code === "BlobAlreadyExists") ||
    (status === 412 && (code === "ConditionNotMet" || code === "TargetConditionNotMet"));
}
