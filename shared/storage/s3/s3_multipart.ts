/** Writing a large object in parts: a lost part is repeated alone, and a failed upload leaves nothing behind. */
import { ClearstackError } from "shared/errors.ts";
import { drain } from "../http/http_response.ts";
import type { ObjectClient } from "../http/object_client.ts";
import { sendParts } from "../http/parts.ts";
import { readXml, xmlEscape, xmlText } from "../http/xml.ts";

/** Metadata by which a writer knows its own work again. */
export const S3_WRITE_ID = "x-amz-meta-clearstack-write";

/** A large object to be written. */
export interface LargeObject {
  readonly path: string;
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Writes an object by multipart upload. */
export async function putS3Parts(
  send: ObjectClient,
  object: LargeObject,
  parts: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
): Promise<void> {
  const { path, what, signal } = object;
  const writeId = crypto.randomUUID();
  const headers = { ...object.headers, [S3_WRITE_ID]: writeId };
  const uploadId = await send(
    { method: "POST", path, query: { uploads: "" }, headers, what, signal },
    async (response) => xmlText(await readXml(await response.text()), "UploadId"),
  );
  if (uploadId === undefined) throw new ClearstackError("unwritable", `cannot write ${what}: no upload id came`);
  const sendPart = async (body: Uint8Array, index: number, partSignal: AbortSignal) => {
    const query = { partNumber: String(index + 1), uploadId };
    const etag = await send({ method: "PUT", path, query, body, what, signal: partSignal }, async (response, moved) => {
      await drain(response, moved);
      return response.headers.get("etag");
    });
    return etag ?? "";
  };
  try {
    const etags = await sendParts(parts, signal, sendPart);
    if (await complete(send, object, uploadId, etags)) return;
    // No such upload any more: either an attempt whose answer was lost has completed it, or somebody else aborted it.
    const written = await send({ method: "HEAD", path, what, signal }, (response) => response.headers.get(S3_WRITE_ID));
    if (written !== writeId) throw new ClearstackError("unwritable", `cannot write ${what}: the upload was aborted`);
  } catch (error) {
    // With a fresh signal: the upload is removed also where it failed because the caller gave up.
    await send({ method: "DELETE", path, query: { uploadId }, what, accept: isGone }, drain).catch(() => {});
    throw error;
  }
}

/** Puts the parts together; false if there is no such upload. */
async function complete(
  send: ObjectClient,
  { path, what, signal }: LargeObject,
  uploadId: string,
  etags: readonly string[],
): Promise<boolean | undefined> {
  const parts = etags.map((etag, index) =>
    `<Part><PartNumber>${index + 1}</PartNumber><ETag>${xmlEscape(etag)}</ETag></Part>`
  );
  const body = new TextEncoder().encode(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
      parts.join("")
    }</CompleteMultipartUpload>`,
  );
  const headers = { "content-type": "application/xml" };
  const request = { method: "POST", path, query: { uploadId }, headers, body, what, signal, accept: isGone } as const;
  return await send(request, async (response) => {
    const xml = await readXml(await response.text());
    if (response.status === 404) return false;
    // The status is sent before the parts are joined, so a failure may come with a 200.
    if (xml.name === "CompleteMultipartUploadResult") return true;
    const code = xmlText(xml, "Code") ?? "an answer cut short";
    throw new ClearstackError("store-unavailable", `cannot write ${what}: the parts could not be joined: ${code}`);
  });
}

function isGone(response: Response): boolean {
  return response.status === 404;
}
