/**
 * Objects in a bucket of Google Cloud Storage, by its JSON API: `gs://BUCKET/FOLDER`. Who: GOOGLE_APPLICATION_CREDENTIALS or
 * the machine's identity, see docs/storage.md.
 */
import { assertChecksum, checksumOf, type Checksums } from "shared/codec/checksum.ts";
import { gsAddress, gsClient } from "./gs_client.ts";
import { putObject, putResumably, swapObject, type Upload, type UploadPlace } from "./gs_upload.ts";
import type { GuardOptions } from "../guard/guard_store.ts";
import { drain, infoOf, rangeHeader, readBody, readPart, readText, tellState } from "../http/http_response.ts";
import { mediaType } from "../http/media_type.ts";
import { encodeKey, parseObjectUrl } from "../http/object_url.ts";
import { LARGE_OBJECT_BYTES, partsOf, partsOfPieces } from "../http/parts.ts";
import { folderOf } from "../store.ts";
import type { ObjectInfo, RequestOptions, Store } from "../store.ts";
import type { StoreEnvironment } from "../store_environment.ts";

/**
 * Opens the folder that a `gs:` URL names.
 *
 * @throws {ClearstackError} `invalid-request` for an unusable URL
 */
export function gsStore(url: string, environment: StoreEnvironment, options: GuardOptions = {}): Store {
  const mend = "credentials come from GOOGLE_APPLICATION_CREDENTIALS or the machine's identity, never from a URL";
  const { host: bucket, root, shown } = parseObjectUrl(url, mend);
  const send = gsClient(bucket, environment, options);
  const objects = `storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const objectPath = (name: string) => `${objects}/${encodeURIComponent(name)}`;
  const target = (key: string) => ({ path: objectPath(root + key), what: `${shown}/${key}` });
  const remove = (name: string) => send({ method: "DELETE", path: objectPath(name), what: shown }, drain);

  async function* pages(
    query: Readonly<Record<string, string>>,
    { signal }: RequestOptions = {},
  ): AsyncGenerator<Page> {
    let token: string | undefined;
    do {
      const fields = {
        fields: "items/name,prefixes,nextPageToken",
        ...(token === undefined ? {} : { pageToken: token }),
      };
      const page = await send(
        { method: "GET", path: objects, query: { ...query, ...fields }, what: shown, signal },
        async (response, moved) => JSON.parse(await readText(response, moved)) as Page,
      );
      if (page === undefined) return;
      yield page;
      token = page.nextPageToken;
    } while (token !== undefined);
  }

  const tellGeneration = (response: Response, seen: RequestOptions["seen"]) => {
    const etag = response.headers.get("x-goog-generation");
    return tellState(response, seen, { ...infoOf(response), ...(etag === null ? {} : { etag }) });
  };
  const getTagged = (key: string, { signal, seen, maxBytes = Infinity }: RequestOptions = {}) =>
    send({ ...target(key), method: "GET", query: { alt: "media" }, signal }, async (response, moved) => {
      await tellGeneration(response, seen);
      const bytes = await readBody(response, target(key).what, { moved, maxBytes });
      assertChecksum(bytes, checksumsIn(response.headers), target(key).what);
      return { bytes, tag: response.headers.get("x-goog-generation") ?? "" };
    });
  const uploadPlace = (key: string, signal: AbortSignal | undefined): UploadPlace => {
    const { path, what } = target(key);
    const place = { path: `upload/${objects}`, objectPath: path, name: root + key, what };
    return { ...place, mediaType: mediaType(key), signal };
  };
  const upload = (key: string, bytes: Uint8Array, signal: AbortSignal | undefined): Upload => {
    return { ...uploadPlace(key, signal), bytes };
  };

  return {
    url: shown,
    place: (key) => Promise.resolve(gsAddress(environment).href + encodeKey(`${bucket}/${root}${folderOf(key)}`)),
    getTagged,
    get: async (key, options) => (await getTagged(key, options))?.bytes,
    swap: (key, bytes, expected, { signal } = {}) => swapObject(send, upload(key, bytes, signal), expected),
    getRange: (key, range, { signal, seen } = {}) =>
      send(
        { ...target(key), method: "GET", query: { alt: "media" }, headers: { range: rangeHeader(range) }, signal },
        async (response, moved) => {
          await tellGeneration(response, seen);
          return await readPart(response, { what: target(key).what, range, moved });
        },
      ),
    head: (key, { signal } = {}) =>
      send(
        { ...target(key), method: "GET", query: { fields: "size,generation" }, signal },
        async (response): Promise<ObjectInfo> => {
          const { size, generation } = await response.json() as { size: string; generation: string };
          return { ...infoOf(response), size: Number(size), etag: generation };
        },
      ),
    async put(key, bytes, { ifAbsent = false, signal } = {}) {
      const whole = upload(key, bytes, signal);
      if (ifAbsent) return await swapObject(send, whole, undefined) !== undefined;
      if (bytes.length <= LARGE_OBJECT_BYTES) await putObject(send, whole);
      else {
        const md5 = checksumOf("md5", bytes);
        await putResumably(send, whole, { parts: partsOf(bytes), totalBytes: bytes.length, md5 });
      }
      return true;
    },
    putPieces: (key, pieces, { totalBytes, signal }) =>
      putResumably(send, uploadPlace(key, signal), { parts: partsOfPieces(pieces, totalBytes), totalBytes }),
    async *list(prefix, options) {
      for await (const { items = [] } of pages({ prefix: root + prefix }, options)) {
        for (const { name } of items) if (!name.endsWith("/")) yield name.slice(root.length);
      }
    },
    async *listNames(prefix, options) {
      const from = root + prefix;
      for await (const { items = [], prefixes = [] } of pages({ prefix: from, delimiter: "/" }, options)) {
        const names = [...items.map(({ name }) => name), ...prefixes];
        for (const name of names) if (name.length > from.length) yield name.slice(from.length);
      }
    },
    delete: async (key) => void await remove(root + key),
    async deleteAll(prefix) {
      for await (const { items = [] } of pages({ prefix: root + prefix })) {
        await Promise.all(items.map(({ name }) => remove(name)));
      }
    },
  };
}

interface Page {
  readonly items?: readonly { readonly name: string }[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}

/** From `x-goog-hash: crc32c=...,md5=...`; none for objects that the server decompresses on the way. */
function checksumsIn(headers: Headers): Checksums {
  if ((headers.get("x-goog-stored-content-encoding") ?? "identity") !== "identity") return {};
  const of = (name: string) => new RegExp(`(?:^|[,\\s])${name}=([^,\\s]+)`).exec(headers.get("x-goog-hash") ?? "")?.[1];
  return { md5: of("md5"), crc32c: of("crc32c") };
}
