/**
 * Block blobs in a container of Azure Storage: `az://ACCOUNT/CONTAINER/FOLDER`, or `az://CONTAINER/FOLDER` where the
 * environment names the account. Where and who: AZURE_* variables, see docs/storage.md.
 */
import { azAccount, azPlace } from "./az_address.ts";
import { blobTag, deleteBlob, putBlob, putBlocks, swapBlob } from "./az_blobs.ts";
import { azClient } from "./az_client.ts";
import { deleteAzKeys, listAzKeys, listAzNames } from "./az_listing.ts";
import { assertChecksum } from "shared/codec/checksum.ts";
import type { GuardOptions } from "../guard/guard_store.ts";
import { infoOf, rangeHeader, readBody, readPart, tellState } from "../http/http_response.ts";
import { mediaType } from "../http/media_type.ts";
import { encodeKey } from "../http/object_url.ts";
import { LARGE_OBJECT_BYTES, partsOf, partsOfPieces } from "../http/parts.ts";
import { folderOf } from "../store.ts";
import type { ByteRange, ObjectInfo, RequestOptions, Store } from "../store.ts";
import type { StoreEnvironment } from "../store_environment.ts";

/**
 * Opens the folder that an `az:` URL names.
 *
 * @throws {ClearstackError} `invalid-request` for an unusable URL or account
 */
export function azStore(url: string, environment: StoreEnvironment, options: GuardOptions = {}): Store {
  const place = azPlace(url, azAccount(environment));
  const send = azClient(place, environment, options);
  const target = (key: string) => ({ path: encodeKey(place.root + key), what: `${place.shown}/${key}` });
  const head = (key: string, { signal }: RequestOptions = {}) =>
    send({ ...target(key), method: "HEAD", signal }, infoOf);
  const getTagged = (key: string, { signal, seen, maxBytes = Infinity }: RequestOptions = {}) =>
    send({ ...target(key), method: "GET", signal }, async (response, moved) => {
      await tellState(response, seen);
      const bytes = await readBody(response, target(key).what, { moved, maxBytes });
      assertChecksum(bytes, { md5: response.headers.get("content-md5") ?? undefined }, target(key).what);
      return { bytes, tag: blobTag(response) };
    });
  const blob = (key: string, bytes: Uint8Array, signal: AbortSignal | undefined) => {
    return { ...target(key), mediaType: mediaType(key), bytes, signal };
  };

  return {
    url: place.shown,
    place: (key) => Promise.resolve(`${place.containerUrl}/${encodeKey(place.root + folderOf(key))}`),
    head,
    getTagged,
    get: async (key, options) => (await getTagged(key, options))?.bytes,
    swap: (key, bytes, expected, { signal } = {}) => swapBlob(send, blob(key, bytes, signal), expected),
    async getRange(key, range, { signal, seen } = {}) {
      const info = "offset" in range ? undefined : await head(key, { signal });
      if ("suffixLength" in range && info === undefined) return undefined;
      const absolute = absoluteRange(range, info);
      if (absolute.length === 0) return new Uint8Array(0);
      // The object must not change between the question for its size and this one.
      const unchanged: Record<string, string> = info?.etag === undefined ? {} : { "if-match": info.etag };
      const headers = { range: rangeHeader(absolute), ...unchanged };
      return await send(
        { ...target(key), method: "GET", headers, signal },
        async (response, moved) => {
          await tellState(response, seen);
          return await readPart(response, { what: target(key).what, range: absolute, moved });
        },
      );
    },
    async put(key, bytes, { ifAbsent = false, signal } = {}) {
      const whole = blob(key, bytes, signal);
      if (ifAbsent) return await swapBlob(send, whole, undefined) !== undefined;
      await (bytes.length > LARGE_OBJECT_BYTES ? putBlocks(send, whole, partsOf(bytes)) : putBlob(send, whole));
      return true;
    },
    putPieces: (key, pieces, { totalBytes, signal }) =>
      putBlocks(send, { ...target(key), mediaType: mediaType(key), signal }, partsOfPieces(pieces, totalBytes)),
    list: (prefix, options) => listAzKeys(send, place, { prefix, ...options }),
    listNames: (prefix, options) => listAzNames(send, place, { prefix, ...options }),
    delete: (key) => deleteBlob(send, target(key)),
    deleteAll: (prefix) => deleteAzKeys(send, place, prefix),
  };
}

/** Azure counts ranges from the beginning only. */
function absoluteRange(range: ByteRange, info: ObjectInfo | undefined): { offset: number; length: number } {
  if ("offset" in range) return range;
  const length = Math.min(range.suffixLength, info?.size ?? 0);
  return { offset: (info?.size ?? 0) - length, length };
}
