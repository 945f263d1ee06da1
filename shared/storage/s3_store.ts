/**
 * Objects in a bucket of Amazon S3 or of a server that speaks its protocol (Ceph, MinIO, R2 ...): `s3://BUCKET/FOLDER`.
 * Where and who: AWS_* variables, see docs/storage.md.
 */
import { assertChecksum, type Checksums } from "./checksum.ts";
import type { GuardOptions } from "./guard.ts";
import { drain, infoOf, rangeHeader, readBody, readPart } from "./http_response.ts";
import { mediaType } from "./media_type.ts";
import type { ObjectClient } from "./object_client.ts";
import { encodeKey, parseObjectUrl } from "./object_url.ts";
import { LARGE_OBJECT_BYTES } from "./parts.ts";
import { s3Client } from "./s3_client.ts";
import { deleteS3Keys, listS3Keys, listS3Names } from "./s3_listing.ts";
import { type LargeObject, putS3Parts, S3_WRITE_ID } from "./s3_multipart.ts";
import type { Store } from "./store.ts";
import type { StoreEnvironment } from "./store_environment.ts";
import { writeOnce } from "./write_once.ts";

/**
 * Opens the folder that an `s3:` URL names.
 *
 * @throws {ClearstackError} `invalid-request` for an unusable URL, endpoint or region
 */
export function s3Store(url: string, environment: StoreEnvironment, options: GuardOptions = {}): Store {
  const mend = "credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never from a URL";
  const { host: bucket, root, shown } = parseObjectUrl(url, mend);
  const send = s3Client(bucket, environment, options);
  const place = { send, shown, root };
  const target = (key: string) => ({ path: encodeKey(root + key), what: `${shown}/${key}` });

  return {
    url: shown,
    writable: true,
    get: (key, { signal } = {}) => {
      const headers = { "x-amz-checksum-mode": "ENABLED" };
      return send({ ...target(key), method: "GET", headers, signal }, async (response) => {
        const bytes = await readBody(response, target(key).what);
        assertChecksum(bytes, checksumsIn(response.headers), target(key).what);
        return bytes;
      });
    },
    getRange: (key, range, { signal } = {}) =>
      send(
        { ...target(key), method: "GET", headers: { range: rangeHeader(range) }, signal },
        (response) => readPart(response, target(key).what, range),
      ),
    head: (key, { signal } = {}) => send({ ...target(key), method: "HEAD", signal }, infoOf),
    put: async (key, bytes, { ifAbsent = false, signal } = {}) => {
      const object = { ...target(key), bytes, headers: { "content-type": mediaType(key) }, signal };
      if (ifAbsent) return await putIfAbsent(send, object);
      if (bytes.length > LARGE_OBJECT_BYTES) await putS3Parts(send, object);
      else await send({ ...object, method: "PUT", body: bytes }, drain);
      return true;
    },
    list: (prefix) => listS3Keys(place, prefix),
    listNames: (prefix) => listS3Names(place, prefix),
    delete: async (key) => {
      await send({ ...target(key), method: "DELETE" }, drain);
    },
    deleteAll: (prefix) => deleteS3Keys(place, prefix),
  };
}

/** In one request, however large: not every server honours the condition at the end of a multipart upload. */
function putIfAbsent(send: ObjectClient, { path, what, headers, bytes, signal }: LargeObject): Promise<boolean> {
  return writeOnce({
    async put(writeId) {
      const conditional = { ...headers, "if-none-match": "*", [S3_WRITE_ID]: writeId };
      const request = {
        method: "PUT",
        path,
        what,
        headers: conditional,
        body: bytes,
        signal,
        accept: isPresent,
      } as const;
      return await send(request, async (response) => {
        await drain(response);
        return !isPresent(response);
      }) ?? false;
    },
    writtenBy: () =>
      send({ method: "HEAD", path, what, signal }, (response) => response.headers.get(S3_WRITE_ID) ?? undefined),
  });
}

function isPresent(response: Response): boolean {
  return response.status === 412;
}

/** Checksums of the whole object; those of a multipart upload may be checksums of checksums, marked by a dash. */
function checksumsIn(headers: Headers): Checksums {
  const of = (algorithm: string) => {
    const value = headers.get(`x-amz-checksum-${algorithm}`);
    return value === null || value.includes("-") ? undefined : value;
  };
  return { crc32: of("crc32"), crc32c: of("crc32c"), sha1: of("sha1"), sha256: of("sha256") };
}
