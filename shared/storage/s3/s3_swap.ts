/** Writing objects of S3 only where they are as expected. */
import { drain } from "../http/http_response.ts";
import type { ObjectClient } from "../http/object_client.ts";
import { type LargeObject, S3_WRITE_ID } from "./s3_multipart.ts";
import { writeOnce } from "../http/write_once.ts";

/** An object that is written in one request. */
export interface SwappedObject extends LargeObject {
  readonly bytes: Uint8Array;
}

/** Writes an object if it has this tag, or is absent where none is given: its new tag, or undefined if it is not so. */
type S3Swap = (object: SwappedObject, expected: string | undefined) => Promise<string | undefined>;

/** Makes the writer of one bucket. In one request, however large: not every server honours conditions of multipart uploads. */
export function s3Swap(send: ObjectClient): S3Swap {
  // Servers take a tag as the header has it, in quotes, but some releases of Ceph take the quotes for a part of it.
  let quotes = true;
  const head = ({ path, what, signal }: LargeObject) =>
    send({ method: "HEAD", path, what, signal }, (response) => {
      return { writeId: response.headers.get(S3_WRITE_ID) ?? undefined, tag: s3Tag(response) };
    });

  function attempt(
    { path, what, headers, bytes, signal }: SwappedObject,
    expected: string | undefined,
    writeId: string,
  ) {
    const condition: Record<string, string> = expected === undefined
      ? { "if-none-match": "*" }
      : { "if-match": quotes ? expected : expected.replaceAll('"', "") };
    // An object that is gone is answered by 404 where one was expected.
    const accept = ({ status }: Response) => status === 412 || (status === 404 && expected !== undefined);
    const conditional = { ...headers, ...condition, [S3_WRITE_ID]: writeId };
    const request = { method: "PUT", path, what, headers: conditional, body: bytes, signal, accept } as const;
    return send(request, async (response, moved) => {
      await drain(response, moved);
      return accept(response) ? undefined : s3Tag(response);
    });
  }

  return (object, expected) =>
    writeOnce({
      async put(writeId) {
        const tag = await attempt(object, expected, writeId);
        if (tag !== undefined || expected === undefined || !quotes) return tag;
        if ((await head(object))?.tag !== expected) return undefined;
        quotes = false;
        return await attempt(object, expected, writeId);
      },
      written: () => head(object),
    });
}

/** Tag of the object that an answer is about. */
export function s3Tag(response: Response): string {
  return response.headers.get("etag") ?? "";
}
