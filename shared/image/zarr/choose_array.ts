/**
 * From a node of a Zarr hierarchy to the array that is meant: level 0 of the image it holds. Where it holds several, the message
 * lists what can be chosen.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import { findImages } from "../find_images.ts";
import { multiscalesOf, type OmeImage, parseOme } from "../ome/ome_multiscales.ts";
import { asRecord, childKey, readZarrNode, type ZarrNode } from "./zarr_node.ts";

/** Choices that a message lists before it leaves the rest out. */
const MAX_CHOICES = 8;

/** A node and where it lies in its store. */
interface Place {
  readonly node: ZarrNode;
  readonly path: string;
}

/** An array, and what OME metadata say of it. */
export interface FoundArray extends Place {
  readonly ome?: OmeImage | undefined;
}

/**
 * Finds the array at a place: the array itself, level 0 of the first multiscale image of a group, the image of a well or of a
 * conversion by bioformats2raw, or the only image below a group. Label images count where there is nothing else.
 *
 * @throws {ClearstackError} `invalid-request` for a plate, and where there are several images; `not-found`, `corrupt-data`
 */
export async function chooseArray(store: ReadableStore, place: Place, options: RequestOptions): Promise<FoundArray> {
  const { node, path } = place;
  if (node.kind === "array") return { ...place, ome: await enclosingOme(store, path, options) };
  const where = shown(store, path);
  const ome = parseOme(node.attributes, where);
  if (ome !== undefined) {
    const level = childKey(path, ome.path);
    const array = await readZarrNode(store, level, options);
    if (array?.kind === "array") return { node: array, path: level, ome };
    throw new ClearstackError("not-found", `${where} names the array ${ome.path}, which is not there`);
  }
  refusePlate(node, path, where);
  const stated = imagesOfWell(place) ?? await imagesOfConversion(store, place, options);
  return await onlyOf(stated ?? await findImages(store, { ...place, ...options }), store, place, options);
}

/** Images of one source that are listed, and wells that are asked for at the same time. */
const MAX_IMAGES = 10_000;
const WELLS_AT_ONCE = 8;

/**
 * All images at a place: the one that it is, the fields of a plate or a well, the series of a conversion, or those below a group.
 *
 * @throws {ClearstackError} `unsupported` for more than are listed
 */
export async function imagesBelow(store: ReadableStore, place: Place, options: RequestOptions): Promise<string[]> {
  const { node, path } = place;
  if (node.kind === "array" || multiscalesOf(node.attributes).length > 0) return [path];
  const wells = wellsOf(node, path);
  const fieldsOf = async (well: string) => {
    const found = await readZarrNode(store, well, options);
    return found === undefined ? [] : imagesOfWell({ node: found, path: well }) ?? [];
  };
  const images = wells !== undefined
    ? (await mapLimited(wells.slice(0, MAX_IMAGES + 1), WELLS_AT_ONCE, fieldsOf)).flat()
    : imagesOfWell(place) ?? await imagesOfConversion(store, place, { ...options, most: MAX_IMAGES + 1 }) ??
      await findImages(store, { ...place, ...options, all: true });
  if (images.length <= MAX_IMAGES) return images;
  throw new ClearstackError(
    "unsupported",
    `${shown(store, path)} has more than ${MAX_IMAGES} images; name a part of it with --path`,
    { limit: MAX_IMAGES },
  );
}

async function onlyOf(
  images: readonly string[],
  store: ReadableStore,
  { path }: Place,
  options: RequestOptions,
): Promise<FoundArray> {
  const where = shown(store, path);
  if (images.length > 1) {
    throw new ClearstackError(
      "invalid-request",
      `${where} is a group of several images (${listed(images)}); choose one with --path`,
    );
  }
  const only = images[0];
  if (only === undefined) {
    const hint = path === "" ? "; name one with --path if it is deeper" : "";
    throw new ClearstackError("not-found", `${where} is a group without an array${hint}`);
  }
  const node = await readZarrNode(store, only, options);
  if (node !== undefined) return await chooseArray(store, { node, path: only }, options);
  throw new ClearstackError("not-found", `${where} names the image ${only}, which is not there`);
}

/** A plate is hundreds of images: which one is meant cannot be guessed, and not all of them are listed. */
function refusePlate(node: ZarrNode, path: string, where: string): void {
  const wells = wellsOf(node, path);
  if (wells === undefined) return;
  throw new ClearstackError(
    "invalid-request",
    `${where} is a plate of ${wells.length} wells (${listed(wells)}); choose one with --path, for example --path ` +
      `${wells[0] ?? "A/1"}`,
  );
}

function wellsOf({ attributes }: ZarrNode, path: string): string[] | undefined {
  const plate = asRecord(attributes.ome).plate ?? attributes.plate;
  return plate === undefined ? undefined : pathsOf(asRecord(plate).wells).map((well) => childKey(path, well));
}

function imagesOfWell({ node: { attributes }, path }: Place): string[] | undefined {
  const { images } = asRecord(asRecord(attributes.ome).well ?? attributes.well);
  return Array.isArray(images) ? pathsOf(images).map((image) => childKey(path, image)) : undefined;
}

/** The series of a file that bioformats2raw converted: listed in its folder OME, else numbered from 0. */
async function imagesOfConversion(
  store: ReadableStore,
  place: Place,
  { most = MAX_CHOICES + 1, ...options }: RequestOptions & { readonly most?: number },
) {
  const series = await seriesOfConversion(store, place, options);
  if (series !== "numbered") return series;
  const images: string[] = [];
  for (let number = 0; number < most; number++) {
    const image = childKey(place.path, `${number}`);
    if (await readZarrNode(store, image, options) === undefined) break;
    images.push(image);
  }
  return images;
}

/** Paths of the series that a conversion by bioformats2raw lists in its folder OME; undefined for any other group. */
export async function seriesOfConversion(
  store: ReadableStore,
  { node, path }: Place,
  options: RequestOptions,
): Promise<string[] | "numbered" | undefined> {
  const layout = "bioformats2raw.layout";
  if ((asRecord(node.attributes.ome)[layout] ?? node.attributes[layout]) === undefined) return undefined;
  const attributes = await attributesOf(store, childKey(path, "OME"), options);
  const series = asRecord(attributes.ome).series ?? attributes.series;
  if (!Array.isArray(series)) return "numbered";
  return series.filter((image) => typeof image === "string").map((image) => childKey(path, image));
}

/** OME metadata that name an array as one of their levels: those of the nearest group around it that has images. */
async function enclosingOme(
  store: ReadableStore,
  path: string,
  options: RequestOptions,
): Promise<OmeImage | undefined> {
  for (let end = path.lastIndexOf("/"); path !== ""; end = path.lastIndexOf("/", end - 1)) {
    const parent = path.slice(0, Math.max(0, end));
    const attributes = await attributesOf(store, parent, options);
    const level = path.slice(parent === "" ? 0 : parent.length + 1);
    if (multiscalesOf(attributes).length > 0) return parseOme(attributes, shown(store, parent), level);
    if (parent === "") return undefined;
  }
  return undefined;
}

/** Attributes of a group that need not be there; buckets that may not be listed refuse what is not there. */
async function attributesOf(
  store: ReadableStore,
  path: string,
  options: RequestOptions,
): Promise<Record<string, unknown>> {
  try {
    return (await readZarrNode(store, path, options))?.attributes ?? {};
  } catch (error) {
    if (isClearstackError(error, "forbidden")) return {};
    throw error;
  }
}

function pathsOf(entries: unknown): string[] {
  const paths = (Array.isArray(entries) ? entries : []).map((entry) => asRecord(entry).path);
  return paths.filter((path) => typeof path === "string");
}

function listed(paths: readonly string[]): string {
  return paths.slice(0, MAX_CHOICES).join(", ") + (paths.length > MAX_CHOICES ? ", ..." : "");
}

function shown(store: ReadableStore, path: string): string {
  return path === "" ? store.url : `${store.url}/${path}`;
}
