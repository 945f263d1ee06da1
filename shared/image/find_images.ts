/**
 * The images of a group that does not say which is meant: from its consolidated metadata, else by looking through its folders.
 */
import { isClearstackError } from "shared/errors.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import { multiscalesOf } from "./ome/ome_multiscales.ts";
import { asRecord, childKey, readDocument, type ZarrNode } from "./zarr/zarr_node.ts";

/** Folders looked into before giving up, and how deep: enough for any image, not for a plate of thousands. */
const MAX_FOLDERS = 500;
const MAX_DEPTH = 4;

/** Place where OME-Zarr keeps label images, which are seldom meant to be deconvolved. */
const LABELS = "labels";

/**
 * Paths of multiscale images and of arrays that belong to none below a group, sorted; label images only where there is nothing
 * else. Empty where the store cannot be listed and nothing is consolidated.
 */
export async function findImages(
  store: ReadableStore,
  { node, path, signal }: { readonly node: ZarrNode; readonly path: string } & RequestOptions,
): Promise<string[]> {
  const source = { store, options: { signal } };
  const found = await consolidatedImages(source, node, path) ?? await lookThrough(source, path);
  const isLabel = (image: string) => image.slice(path.length).split("/").includes(LABELS);
  const images = found.filter((image) => !isLabel(image));
  return (images.length > 0 ? images : found).sort();
}

/** A store, and the options of all requests to it. */
interface Source {
  readonly store: ReadableStore;
  readonly options: RequestOptions;
}

async function lookThrough(source: Source, path: string): Promise<string[]> {
  const found: string[] = [];
  const queue = [{ path, depth: 0 }];
  for (let looked = 0; queue.length > 0 && looked < MAX_FOLDERS; looked++) {
    const folder = queue.shift()!;
    const names = await namesIn(source, folder.path);
    if (await isImage(source, folder.path, names)) found.push(folder.path);
    else if (folder.depth < MAX_DEPTH) {
      for (const name of names) {
        if (name.endsWith("/")) queue.push({ path: childKey(folder.path, name.slice(0, -1)), depth: folder.depth + 1 });
      }
    }
  }
  return found;
}

async function consolidatedImages(
  { store, options }: Source,
  node: ZarrNode,
  path: string,
): Promise<string[] | undefined> {
  const entries = node.version === 3
    ? asRecord(asRecord(node.document.consolidated_metadata).metadata)
    : asRecord((await readDocument(store, childKey(path, ".zmetadata"), options))?.document.metadata);
  const images = Object.entries(entries).flatMap(([key, value]) => {
    const document = asRecord(value);
    if (node.version === 3) return isV3Image(document) ? [key] : [];
    const [, folder, kind] = /^(.+)\/(\.zarray|\.zattrs)$/.exec(key) ?? [];
    return kind === ".zarray" || (kind === ".zattrs" && multiscalesOf(document).length > 0) ? [folder!] : [];
  });
  if (Object.keys(entries).length === 0) return undefined;
  const isLevel = (image: string) => images.some((other) => image.startsWith(`${other}/`));
  return images.filter((image) => !isLevel(image)).map((image) => childKey(path, image));
}

function isV3Image({ node_type: kind, attributes }: Record<string, unknown>): boolean {
  return kind === "array" || multiscalesOf(asRecord(attributes)).length > 0;
}

async function isImage({ store, options }: Source, path: string, names: ReadonlySet<string>): Promise<boolean> {
  if (names.has(".zarray")) return true;
  const read = async (name: string) =>
    names.has(name) ? (await readDocument(store, childKey(path, name), options))?.document ?? {} : {};
  return isV3Image(await read("zarr.json")) || multiscalesOf(await read(".zattrs")).length > 0;
}

async function namesIn({ store, options }: Source, path: string): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    for await (const name of store.listNames(path === "" ? "" : `${path}/`, options)) names.add(name);
  } catch (error) {
    // A web server cannot be listed; the caller then asks for --path.
    if (!isClearstackError(error, "unsupported")) throw error;
  }
  return names;
}
