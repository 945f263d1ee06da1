/**
 * From a location to an image: Zarr array, array of a group, level 0 of an OME-Zarr, or TIFF stack.
 */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError, withPath } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { changed, storeAsOf } from "shared/storage/unchanged.ts";
import { canonicalUrl, redactUrl, splitObject } from "shared/storage/url.ts";
import { chooseArray, type FoundArray } from "./zarr/choose_array.ts";
import { type Image, pathOf } from "./image.ts";
import { hashHex } from "./output/hash.ts";
import { conversionMetadata } from "./ome/conversion_metadata.ts";
import type { OpenOptions } from "./tiff/tiff_image.ts";
import { assertCountable } from "./image_size.ts";
import { findSequence, isPattern } from "./tiff/tiff_sequence.ts";
import { zarrImage } from "./zarr/zarr_image.ts";
import { zarrInfo } from "./zarr/zarr_info.ts";
import { withSeparator } from "./zarr/stored_chunks.ts";
import { parseZarrArray } from "./zarr/zarr_metadata.ts";
import { readZarrNode, type ZarrNode } from "./zarr/zarr_node.ts";

/** Loaded when there is a TIFF: its reader takes tens of milliseconds to load, which a function started on demand has not. */
async function openTiff(location: Location, options: OpenOptions): Promise<Image> {
  return await (await import("./tiff/tiff_image.ts")).openTiff(location, options);
}

const NEW_IDENTITY = "its metadata, or the tag that its store gives them, are others";

/**
 * Opens a Zarr array, an array of a group, level 0 of an OME-Zarr, or a TIFF stack; reads metadata only.
 *
 * @throws {ClearstackError} `not-found`, `invalid-request` (which array? which axes?), `unsupported`, `corrupt-data`
 */
export async function openImage(location: Location, options: OpenOptions): Promise<Image> {
  const url = canonicalUrl(location.url);
  try {
    const image = await openAt(url, location, options);
    refuseNoVoxels(image.info);
    assertCountable(image.info);
    return image;
  } catch (error) {
    throw withPath(error, pathOf({ url, path: location.path ?? "" }));
  }
}

async function openAt(url: string, location: Location, options: OpenOptions): Promise<Image> {
  if (/\.tiff?$/i.test(redactUrl(url)) || isPattern(url)) return await openTiff(location, options);
  const store = openReadable(url, { environment: options.environment });
  const path = (location.path ?? "").replace(/^\/+|\/+$/g, "");
  const start = await readZarrNode(store, path, options);
  if (start === undefined) {
    if (await startsLikeTiff(url, options) || (path === "" && await findSequence(url, options) !== undefined)) {
      return await openTiff(location, options);
    }
    throw await missingImage(store, { url, path }, options);
  }
  const found = await chooseArray(store, { node: start, path }, options);
  const node = await withSeparator(store, found.node, { path: found.path, signal: options.signal });
  return await imageOf(store, { ...found, node, url, requestedAxes: location.axes }, options);
}

/**
 * Opens again what {@link openImage} described, with no guessing.
 *
 * @throws {ClearstackError} `conflict` if the source changed since; reading chunks of a Zarr that were written after
 *   `info.plannedMs` is a `conflict` too
 */
export async function reopenImage(info: ImageInfo, options: StoreAccess): Promise<Image> {
  if (info.format === "tiff") {
    // What the pages are was settled when the image was first opened.
    const axes = info.axes.map(({ name }) => name).join("");
    const { url, path, pages } = info;
    const image = await openTiff({ url, path, axes, pages }, options);
    if (image.info.identity !== info.identity) throw changed(pathOf(info), NEW_IDENTITY);
    return { ...image, info };
  }
  const store = openReadable(info.url, { environment: options.environment });
  const node = await readZarrNode(store, info.path, options);
  if (node === undefined) throw new ClearstackError("not-found", `${store.url}/${info.path} is no longer there`);
  if (node.kind !== "array") throw changed(pathOf(info), NEW_IDENTITY);
  const { identity, isTold } = await stateOf(store, node, options);
  if (identity !== info.identity) throw changed(pathOf(info), NEW_IDENTITY);
  const meta = parseZarrArray(await withSeparator(store, node, { path: info.path, signal: options.signal }), store.url);
  return asTold(zarrImage(storeAsOf(store, info.plannedMs), meta, info), isTold);
}

async function imageOf(
  store: ReadableStore,
  found: FoundArray & { readonly url: string; readonly requestedAxes: string | undefined },
  options: StoreAccess,
): Promise<Image> {
  const { node, path, ome, url, requestedAxes } = found;
  const where = shown(store, path);
  const { meta, info } = zarrInfo({ node, path, ome, url, where, requestedAxes });
  const { identity, openedMs, isTold } = await stateOf(store, node, options);
  const beside = await conversionMetadata(store, info, options);
  const warnings = [...info.warnings ?? [], ...beside.warnings ?? []];
  const told = { ...info, ...beside, ...(warnings.length === 0 ? {} : { warnings }), identity };
  return { ...asTold(zarrImage(store, meta, told), isTold), openedMs };
}

function refuseNoVoxels(info: ImageInfo): void {
  const empty = info.shape.indexOf(0);
  if (empty >= 0) {
    const what = `its ${info.axes[empty]!.name} axis has length 0`;
    throw new ClearstackError("unsupported", `${pathOf(info)} has no voxels: ${what}`);
  }
}

/** Hash of the metadata document and its entity tag, the time of the store, and whether it tells of what is there. */
async function stateOf(store: ReadableStore, node: ZarrNode, options: RequestOptions) {
  const found = await store.head(node.key, options);
  const { etag = "", answeredMs } = found ?? {};
  const identity = await hashHex(node.bytes, new TextEncoder().encode(etag));
  return { identity, openedMs: answeredMs, isTold: found !== undefined };
}

/** A server that knows nothing of a document that it has sent would call every chunk missing: all are read then. */
function asTold(image: Image, isTold: boolean): Image {
  if (isTold || image.unstored === undefined) return image;
  return { ...image, unstored: { ...image.unstored, isStored: () => Promise.resolve(true) } };
}

/** A file without a TIFF's ending may still be one. */
async function startsLikeTiff(url: string, options: StoreAccess): Promise<boolean> {
  const { base, key } = splitObject(url);
  if (key === "") return false;
  const store = openReadable(base, { environment: options.environment });
  const info = await store.head(key, options);
  if (info === undefined || !(info.size >= 8)) return false;
  const magic = await store.getRange(key, { offset: 0, length: 4 }, options);
  return magic !== undefined && /^(II[*+]\0|MM\0[*+])$/.test(String.fromCharCode(...magic));
}

async function missingImage(
  store: ReadableStore,
  { url, path }: { readonly url: string; readonly path: string },
  options: StoreAccess,
): Promise<ClearstackError> {
  if (path !== "" && await readZarrNode(store, "", options) !== undefined) {
    return new ClearstackError("not-found", `${store.url} has no array or group ${path}`);
  }
  const { base, key } = splitObject(url);
  const folder = openReadable(base, { environment: options.environment });
  const file = key === "" ? undefined : await folder.head(key, options);
  if (file !== undefined && file.size >= 4) {
    const magic = await folder.getRange(key, { offset: 0, length: 4 }, options);
    if (magic?.[0] === 0x50 && magic[1] === 0x4b) {
      const mend = "give it a name that ends in .zarr.zip or .ozx, or unzip it";
      return new ClearstackError("unsupported", `${store.url} is a zip, and its name does not say so: ${mend}`);
    }
  }
  const isFile = file !== undefined;
  const hint = store.hint?.() === undefined ? "" : ` (${store.hint()})`;
  const isFolder = !isFile && !/^https?:/i.test(url) && await hasNames(store, options);
  return isFile || isFolder
    ? new ClearstackError("unsupported", `${store.url} is neither a Zarr (no zarr.json, .zarray or .zgroup) nor a TIFF`)
    : new ClearstackError("not-found", `${store.url} does not exist, or holds no zarr.json, .zarray or .zgroup${hint}`);
}

async function hasNames(store: ReadableStore, options: RequestOptions): Promise<boolean> {
  for await (const _ of store.listNames("", options)) return true;
  return false;
}

function shown(store: ReadableStore, path: string): string {
  return path === "" ? store.url : `${store.url}/${path}`;
}
