/**
 * Objects in a bucket of Amazon S3 or of a server that speaks its protocol (Ceph, MinIO, R2 ...): `s3://BUCKET/FOLDER`.
 * Where and who: AWS_* variables, see docs/storage.md.
 */
import { assertChecksum, type Checksums } from "shared/codec/checksum.ts";
import type { GuardOptions } from "../guard/guard_store.ts";
import { drain, infoOf, rangeHeader, readBody, readPart, tellState } from "../http/http_response.ts";
import { mediaType } from "../http/media_type.ts";
import { encodeKey, parseObjectUrl } from "../http/object_url.ts";
import { LARGE_OBJECT_BYTES, partsOf, partsOfPieces } from "../http/parts.ts";
import { bucketUrl, s3Endpoint } from "./s3_address.ts";
import { s3Client } from "./s3_client.ts";
import { deleteS3Keys, listS3Keys, listS3Names } from "./s3_listing.ts";
import { putS3Parts } from "./s3_multipart.ts";
import { s3Swap, s3Tag, type SwappedObject } from "./s3_swap.ts";
import { folderOf } from "../store.ts";
import type { RequestOptions, Store } from "../store.ts";
import type { StoreEnvironment } from "../store_environment.ts";

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

  const getTagged = (key: string, { signal, seen, maxBytes = Infinity }: RequestOptions = {}) => {
    const headers = { "x-amz-checksum-mode": "ENABLED" };
    return send({ ...target(key), method: "GET", headers, signal }, async (response, moved) => {
      await tellState(response, seen);
      const bytes = await readBody(response, target(key).what, { moved, maxBytes });
      assertChecksum(bytes, checksumsIn(response.headers), target(key).what);
      return { bytes, tag: s3Tag(response) };
    });
  };
  const typed = (key: string) => ({ headers: { "content-type": mediaType(key) } });
  const upload = (key: string, bytes: Uint8Array, signal: AbortSignal | undefined): SwappedObject => {
    return { ...target(key), ...typed(key), bytes, signal };
  };

  const swap = s3Swap(send);

  return {
    url: shown,
    place: (key) => Promise.resolve(bucketUrl(s3Endpoint(environment), bucket).href + encodeKey(root + folderOf(key))),
    getTagged,
    get: async (key, options) => (await getTagged(key, options))?.bytes,
    swap: (key, bytes, expected, { signal } = {}) => swap(upload(key, bytes, signal), expected),
    getRange: (key, range, { signal, seen } = {}) =>
      send(
        { ...target(key), method: "GET", headers: { range: rangeHeader(range) }, signal },
        async (response, moved) => {
          await tellState(response, seen);
          return await readPart(response, { what: target(key).what, range, moved });
        },
      ),
    head: (key, { signal } = {}) => send({ ...target(key), method: "HEAD", signal }, infoOf),
    put: async (key, bytes, { ifAbsent = false, signal } = {}) => {
      const object = upload(key, bytes, signal);
      if (ifAbsent) return await swap(object, undefined) !== undefined;
      if (bytes.length > LARGE_OBJECT_BYTES) await putS3Parts(send, object, partsOf(bytes));
      else await send({ ...object, method: "PUT", body: bytes }, drain);
      return true;
    },
    putPieces: (key, pieces, { totalBytes, signal }) =>
      putS3Parts(send, { ...target(key), ...typed(key), signal }, partsOfPieces(pieces, totalBytes)),
    list: (prefix, options) => listS3Keys(place, prefix, options),
    listNames: (prefix, options) => listS3Names(place, prefix, options),
    delete: async (key) => {
      await send({ ...target(key), method: "DELETE" }, drain);
    },
    deleteAll: (prefix) => deleteS3Keys(place, prefix),
  };
}

/** Checksums of the whole object; those of a multipart upload may be checksums of checksums, marked by a dash. */
function checksumsIn(headers: Headers): Checksums {
  const of = (algorithm: string) => {
    const value = headers.get(`x-amz-checksum-${algorithm}`);
    return value === null || value.includes("-") ? undefined : value;
  };
  return { crc32: of("crc32"), crc32c: of("crc32c"), sha1: of("sha1"), sha256: of("sha256") };
}
