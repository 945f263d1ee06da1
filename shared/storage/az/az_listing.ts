/** Listing a container page by page, and removing what was listed. */
import { ClearstackError } from "shared/errors.ts";
import type { AzPlace } from "./az_address.ts";
import { deleteBlob } from "./az_blobs.ts";
import { readText } from "../http/http_response.ts";
import type { ObjectClient } from "../http/object_client.ts";
import { encodeKey } from "../http/object_url.ts";
import type { RequestOptions } from "../store.ts";
import { readXml, type XmlElement, xmlElements, xmlText } from "../http/xml.ts";

/** Keys to list: those that start with a prefix. */
interface Listed extends RequestOptions {
  readonly prefix: string;
}

interface Page {
  readonly names: readonly string[];
  readonly folders: readonly string[];
  readonly next: string | undefined;
}

/** Keys below the folder that start with `prefix`. */
export async function* listAzKeys(
  send: ObjectClient,
  place: AzPlace,
  { prefix, signal }: Listed,
): AsyncGenerator<string> {
  for await (const { names } of pages(send, place, { prefix: place.root + prefix }, signal)) {
    for (const name of names) if (!name.endsWith("/")) yield name.slice(place.root.length);
  }
}

/** Names directly below the folder `prefix`; those of folders end in a slash. */
export async function* listAzNames(
  send: ObjectClient,
  place: AzPlace,
  { prefix, signal }: Listed,
): AsyncGenerator<string> {
  const from = place.root + prefix;
  for await (const { names, folders } of pages(send, place, { prefix: from, delimiter: "/" }, signal)) {
    for (const name of [...names, ...folders]) if (name.length > from.length) yield name.slice(from.length);
  }
}

/** Removes every blob below the folder that starts with `prefix`. */
export async function deleteAzKeys(send: ObjectClient, place: AzPlace, prefix: string): Promise<void> {
  for await (const { names } of pages(send, place, { prefix: place.root + prefix })) {
    await Promise.all(names.map((name) => deleteBlob(send, { path: encodeKey(name), what: place.shown })));
  }
}

async function* pages(
  send: ObjectClient,
  { containerUrl, shown }: AzPlace,
  query: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): AsyncGenerator<Page> {
  let next: string | undefined;
  do {
    const marker: Record<string, string> = next === undefined ? {} : { marker: next };
    const page = await send(
      {
        method: "GET",
        path: containerUrl,
        query: { restype: "container", comp: "list", ...query, ...marker },
        what: shown,
        signal,
      },
      async (response, moved) => readPage(await readText(response, moved), shown),
    );
    if (page === undefined) return;
    yield page;
    next = page.next;
  } while (next !== undefined);
}

async function readPage(text: string, what: string): Promise<Page> {
  const xml = await readXml(text);
  if (!xml.whole || xml.name !== "EnumerationResults") {
    throw new ClearstackError("store-unavailable", `the listing of ${what} is cut short`);
  }
  // Accounts with a hierarchy of folders list those among the blobs.
  const blobs = xmlElements(xml, "Blob").filter((blob) => xmlText(blob, "ResourceType") !== "directory");
  const names = (elements: readonly XmlElement[]) => elements.map((element) => xmlText(element, "Name") ?? "");
  const next = xmlText(xml, "NextMarker");
  return {
    names: names(blobs),
    folders: names(xmlElements(xml, "BlobPrefix")),
    next: next === undefined || next === "" ? undefined : next,
  };
}
