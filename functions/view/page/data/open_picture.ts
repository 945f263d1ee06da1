/** Opens a multiscale image behind a web server: its metadata and those of all its levels, no voxel. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Image, pathOf } from "shared/image/image.ts";
import { assertCountable } from "shared/image/image_size.ts";
import { multiscalesOf, type OmeImage, parseOme } from "shared/image/ome/ome_multiscales.ts";
import { chooseArray } from "shared/image/zarr/choose_array.ts";
import { withSeparator } from "shared/image/zarr/stored_chunks.ts";
import { zarrImage } from "shared/image/zarr/zarr_image.ts";
import { zarrInfo } from "shared/image/zarr/zarr_info.ts";
import { asRecord, childKey, readZarrNode, type ZarrNode } from "shared/image/zarr/zarr_node.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import { urlFault } from "shared/storage/url.ts";
import type { Picture, PictureLevel } from "./picture.ts";
import { pageStore } from "./page_store.ts";
import { channelsOf } from "./picture_channels.ts";

/** More levels than this has no pyramid: each halves a side. */
const MAX_LEVELS = 32;

/** A group, and where it lies in the store. */
interface Group {
  readonly node: ZarrNode;
  readonly path: string;
}

/**
 * Opens the image at an `http:` or `https:` URL.
 *
 * @throws {ClearstackError} `not-found`, `invalid-request` (which image?), `unsupported`, `corrupt-data`, `forbidden`,
 *   `store-unavailable`
 */
export async function openPicture(url: string, open: (url: string) => ReadableStore = pageStore): Promise<Picture> {
  const fault = /^https?:/i.test(url) && URL.canParse(url)
    ? urlFault(url)
    : "give an address that begins with https:// or http://";
  if (fault !== undefined) throw new ClearstackError("invalid-request", `${url} is no address of an image: ${fault}`);
  return await pictureIn(open(url), url);
}

/**
 * Opens the image that a store holds.
 *
 * @param url of the store, by which chunks of the picture are told from those of others
 * @throws {ClearstackError} as {@link openPicture}
 */
export async function pictureIn(store: ReadableStore, url: string): Promise<Picture> {
  const start = await readZarrNode(store, "");
  if (start === undefined) {
    throw new ClearstackError("not-found", `${store.url} holds no zarr.json, .zarray or .zgroup`);
  }
  const group = await groupOf(store, start);
  const levels = await openLevels(store, group, url);
  const { info } = levels[0]!;
  return {
    url,
    name: info.name ?? nameOf(store.url),
    levels: levels.map(levelOf),
    channels: channelsOf(group.node.attributes, info),
    unit: info.axes.at(-1)!.unit,
    zarrFormat: info.format === "zarr2" ? 2 : 3,
    provenance: asRecord(start.attributes.clearstack),
  };
}

/** The group of the multiscale image that is meant: this one, or the only one of a well or of a conversion. */
async function groupOf(store: ReadableStore, node: ZarrNode): Promise<Group> {
  if (node.kind === "array" || multiscalesOf(node.attributes).length > 0) return { node, path: "" };
  const found = await chooseArray(store, { node, path: "" }, {});
  if (found.ome === undefined) {
    throw new ClearstackError("not-found", `${store.url} is a group without a multiscale image`);
  }
  const path = found.path.slice(0, found.path.length - found.ome.path.length).replace(/\/$/, "");
  return { node: (await readZarrNode(store, path))!, path };
}

/** All levels, finest first; an array that belongs to no image is a level of its own. */
async function openLevels(store: ReadableStore, { node, path }: Group, url: string): Promise<Image[]> {
  if (node.kind === "array") return [await openLevel(store, { node, path: "" }, url)];
  const { datasets } = asRecord(multiscalesOf(node.attributes)[0]);
  const paths = Array.isArray(datasets) ? datasets.map((one) => String(asRecord(one).path)) : [];
  if (paths.length > MAX_LEVELS) {
    throw new ClearstackError("unsupported", `${store.url} has ${paths.length} levels; at most ${MAX_LEVELS} are read`);
  }
  // Without datasets the parser says what is wrong with them.
  if (paths.length === 0) parseOme(node.attributes, store.url);
  return await Promise.all(paths.map(async (dataset) => {
    const ome = parseOme(node.attributes, store.url, dataset.replace(/^\/+|\/+$/g, ""));
    const key = childKey(path, ome?.path ?? dataset);
    const array = await readZarrNode(store, key);
    if (array?.kind === "array") return await openLevel(store, { node: array, path: key, ome }, url);
    throw new ClearstackError("not-found", `${store.url} names the array ${key}, which is not there`);
  }));
}

async function openLevel(
  store: ReadableStore,
  { node, path, ome }: Group & { readonly ome?: OmeImage | undefined },
  url: string,
): Promise<Image> {
  const where = path === "" ? store.url : `${store.url}/${path}`;
  const separated = await withSeparator(store, node, { path });
  const { meta, info } = zarrInfo({ node: separated, path, ome, url, where });
  const described: ImageInfo = { ...info, identity: "" };
  assertCountable(described);
  if (info.shape.includes(0)) throw new ClearstackError("unsupported", `${pathOf(described)} has no voxels`);
  return zarrImage(store, meta, described);
}

/** A level of a picture. */
export function levelOf(image: Image): PictureLevel {
  const { axes, shape, chunkShape, scale, translation } = image.info;
  const along = <Name extends string>(names: readonly Name[], values: readonly number[], otherwise: number) =>
    Object.fromEntries(
      names.map((name) => [name, values[axes.findIndex((axis) => axis.name === name)] ?? otherwise]),
    ) as Record<Name, number>;
  const space = ["z", "y", "x"] as const;
  const all = ["t", "c", ...space] as const;
  return {
    image,
    axes: axes.map(({ name }) => name),
    shape: along(all, shape, 1),
    chunk: along(all, chunkShape, 1),
    // A spacing below 0 mirrors an image; here it is shown as it is stored.
    spacing: along(space, scale.map(Math.abs), 1),
    origin: along(space, translation ?? shape.map(() => 0), 0),
  };
}

/** The last part of the path of a URL. */
function nameOf(url: string): string {
  const last = new URL(url).pathname.split("/").findLast((part) => part !== "") ?? "image";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
