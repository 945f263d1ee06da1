/** Listing a bucket page by page, and removing what was listed. */
import { ClearstackError } from "shared/errors.ts";
import { checksumOf } from "shared/codec/checksum.ts";
import { readText } from "../http/http_response.ts";
import type { ObjectClient } from "../http/object_client.ts";
import type { RequestOptions } from "../store.ts";
import { readXml, xmlElements, xmlEscape, xmlText } from "../http/xml.ts";

/** A folder of a bucket. */
interface S3Place {
  readonly send: ObjectClient;
  /** Its URL, for messages. */
  readonly shown: string;
  /** Beginning of its keys, `""` or ending in a slash. */
  readonly root: string;
}

/** Most keys of one removal request. */
const KEYS_PER_REMOVAL = 1000;

interface Page {
  readonly keys: readonly string[];
  readonly folders: readonly string[];
  readonly next: string | undefined;
}

/** Keys below the folder that start with `prefix`. Markers of empty folders (keys that end in a slash) are left out. */
export async function* listS3Keys(place: S3Place, prefix: string, options?: RequestOptions): AsyncGenerator<string> {
  for await (const { keys } of pages(place, prefix, {}, options)) {
    for (const key of keys) if (!key.endsWith("/")) yield key.slice(place.root.length);
  }
}

/** Names directly below the folder `prefix`; those of folders end in a slash. */
export async function* listS3Names(place: S3Place, prefix: string, options?: RequestOptions): AsyncGenerator<string> {
  const from = (place.root + prefix).length;
  for await (const { keys, folders } of pages(place, prefix, { delimiter: "/" }, options)) {
    for (const key of [...keys, ...folders]) if (key.length > from) yield key.slice(from);
  }
}

/** Removes every key below the folder that starts with `prefix`. */
export async function deleteS3Keys(place: S3Place, prefix: string): Promise<void> {
  for await (const { keys } of pages(place, prefix, { "max-keys": String(KEYS_PER_REMOVAL) })) {
    if (keys.length > 0) await removeKeys(place, keys);
  }
}

async function* pages(
  place: S3Place,
  prefix: string,
  query: Readonly<Record<string, string>>,
  { signal }: RequestOptions = {},
): AsyncGenerator<Page> {
  let next: string | undefined;
  do {
    const parameters: Record<string, string> = {
      "list-type": "2",
      "encoding-type": "url",
      ...query,
      prefix: place.root + prefix,
      ...(next === undefined ? {} : { "continuation-token": next }),
    };
    const page = await place.send(
      { method: "GET", path: "", query: parameters, what: place.shown, signal },
      async (response, moved) => readPage(await readText(response, moved), place.shown),
    );
    if (page === undefined) return;
    yield page;
    next = page.next;
  } while (next !== undefined);
}

async function readPage(text: string, what: string): Promise<Page> {
  const xml = await readXml(text);
  if (!xml.whole || xml.name !== "ListBucketResult") {
    throw new ClearstackError("store-unavailable", `the listing of ${what} is cut short`);
  }
  const decode = xmlText(xml, "EncodingType") === "url" ? decodeFormValue : (text: string) => text;
  const texts = (element: string, field: string) =>
    xmlElements(xml, element).map((entry) => decode(xmlText(entry, field) ?? ""));
  const next = xmlText(xml, "IsTruncated") === "true" ? xmlText(xml, "NextContinuationToken") : undefined;
  return { keys: texts("Contents", "Key"), folders: texts("CommonPrefixes", "Prefix"), next };
}

async function removeKeys({ send, shown }: S3Place, keys: readonly string[]): Promise<void> {
  const objects = keys.map((key) => `<Object><Key>${xmlEscape(key)}</Key></Object>`).join("");
  const body = new TextEncoder().encode(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`,
  );
  const headers = { "content-type": "application/xml", "content-md5": checksumOf("md5", body) };
  await send(
    { method: "POST", path: "", query: { delete: "" }, headers, body, what: shown },
    async (response, moved) => {
      const xml = await readXml(await readText(response, moved));
      const refused = xmlElements(xml, "Error");
      if (refused.length === 0 && xml.whole) return;
      const code = xmlText(xml, "Code") ?? "unknown reason";
      const kind = /^(InternalError|SlowDown|ServiceUnavailable)$/.test(code) ? "store-unavailable" : "unwritable";
      throw new ClearstackError(kind, `cannot remove ${refused.length} objects below ${shown}: ${code}`);
    },
  );
}

function decodeFormValue(text: string): string {
  return decodeURIComponent(text.replaceAll("+", "%20"));
}
