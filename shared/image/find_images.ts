/**
 * The images of a group that does not say which is meant: from its consolidated metadata, else by looking through its folders.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import { multiscalesOf } from "./ome/ome_multiscales.ts";
import { asRecord, childKey, readDocument, type ZarrNode } from "./zarr/zarr_node.ts";

/** Folders looked into before giving up, and how deep: enough for any image, not for a plate of thousands. */
const MAX_FOLDERS = 500;
const MAX_DEPTH = 4;

/** Place where OME-Zarr keeps label images, which are seldom meant to be deconvolved. */
const LABELS = "labels";

/** Something below a group that may be an image. */
interface Candidate {
  readonly path: string;
  /** Metadata of an array; absent for a multiscale image. */
  readonly array?: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface FindOptions extends RequestOptions {
  readonly node: ZarrNode;
  readonly path: string;
  /** True where all images are wanted, so that some are no answer. @default {false} */
  readonly all?: boolean;
}

/**
 * Paths of multiscale images and of arrays that belong to none below a group, sorted; label images, and arrays that are no images,
 * only where there is nothing else. Empty where the store cannot be listed and nothing is consolidated.
 *
 * @throws {ClearstackError} `unsupported` where all are wanted below more folders than are looked into
 */
export async function findImages(
  store: ReadableStore,
  { node, path, signal, all = false }: FindOptions,
): Promise<string[]> {
  const source = { store, options: { signal } };
  const found = await consolidatedImages(source, node, path) ?? await lookThrough(source, path, all);
  const coordinates = new Set([{ attributes: node.attributes }, ...found].flatMap(coordinatesOf));
  const isNamed = (image: string) => coordinates.has(image.slice(image.lastIndexOf("/") + 1));
  const images = found.filter((one) => couldBeImage(one) && !isNamed(one.path));
  const isLabel = ({ path: image }: Candidate) => image.slice(path.length).split("/").includes(LABELS);
  const choices = [images.filter((one) => !isLabel(one)), images, found].find(({ length }) => length > 0) ?? [];
  return choices.map((one) => one.path).sort();
}

/** Axes that an image here can have. */
const MIN_AXES = 2;
const MAX_AXES = 5;

/** False for arrays of one axis, as coordinates are, of too many, and of text. */
function couldBeImage({ array }: Candidate): boolean {
  if (array === undefined || !Array.isArray(array.shape)) return true;
  const { length: axes } = array.shape;
  const dtype = array.dtype ?? array.data_type;
  const isNumeric = typeof dtype === "string" && /^([<>|=]?[biuf]\d+|bool|u?int\d+|float\d+)$/.test(dtype);
  return axes >= MIN_AXES && axes <= MAX_AXES && isNumeric;
}

/** Names of arrays that hold the coordinates of others, as the conventions of netCDF have it. */
function coordinatesOf({ attributes: { coordinates } }: Pick<Candidate, "attributes">): string[] {
  return typeof coordinates === "string" ? coordinates.split(/\s+/) : [];
}

/** A store, and the options of all requests to it. */
interface Source {
  readonly store: ReadableStore;
  readonly options: RequestOptions;
}

async function lookThrough(source: Source, path: string, all: boolean): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const queue = [{ path, depth: 0 }];
  for (let looked = 0; queue.length > 0; looked++) {
    if (looked === MAX_FOLDERS) {
      if (all) throw tooManyFolders(source.store, path);
      return found;
    }
    const folder = queue.shift()!;
    const names = await namesIn(source, folder.path);
    const candidate = await candidateAt(source, folder.path, names);
    if (candidate !== undefined) found.push(candidate);
    else if (folder.depth < MAX_DEPTH) {
      for (const name of names) {
        if (name.endsWith("/")) queue.push({ path: childKey(folder.path, name.slice(0, -1)), depth: folder.depth + 1 });
      }
    }
  }
  return found;
}

function tooManyFolders({ url }: ReadableStore, path: string): ClearstackError {
  return new ClearstackError(
    "unsupported",
    `${
      path === "" ? url : `${url}/${path}`
    } does not list its images, and has more than ${MAX_FOLDERS} folders to look for them in: name a ` +
      "part of it by its path, or consolidate its metadata",
    { limit: MAX_FOLDERS },
  );
}

async function consolidatedImages(
  { store, options }: Source,
  node: ZarrNode,
  path: string,
): Promise<Candidate[] | undefined> {
  const entries = node.consolidated ??
    (node.version === 3
      ? asRecord(asRecord(node.document.consolidated_metadata).metadata)
      : asRecord((await readDocument(store, childKey(path, ".zmetadata"), options))?.document.metadata));
  if (Object.keys(entries).length === 0) return undefined;
  const candidates = Object.entries(entries).flatMap(([key, value]): Candidate[] => {
    const document = asRecord(value);
    if (node.version === 3) return candidateOf(key, document, asRecord(document.attributes));
    const [, folder, kind] = /^(.+)\/(\.zarray|\.zgroup)$/.exec(key) ?? [];
    return folder === undefined ? [] : candidateOf(
      folder,
      kind === ".zarray" ? { ...document, node_type: "array" } : {},
      asRecord(entries[`${folder}/.zattrs`]),
    );
  });
  const isLevel = ({ path: image }: Candidate) => candidates.some((other) => image.startsWith(`${other.path}/`));
  return candidates.filter((one) => !isLevel(one)).map((one) => ({ ...one, path: childKey(path, one.path) }));
}

function candidateOf(
  path: string,
  document: Readonly<Record<string, unknown>>,
  attributes: Record<string, unknown>,
): Candidate[] {
  if (document.node_type === "array") return [{ path, array: document, attributes }];
  return multiscalesOf(attributes).length > 0 ? [{ path, attributes }] : [];
}

async function candidateAt(
  { store, options }: Source,
  path: string,
  names: ReadonlySet<string>,
): Promise<Candidate | undefined> {
  const read = async (name: string) =>
    names.has(name) ? (await readDocument(store, childKey(path, name), options))?.document ?? {} : {};
  const v3 = await read("zarr.json");
  const array = names.has(".zarray") ? { ...await read(".zarray"), node_type: "array" } : v3;
  return candidateOf(path, array, v3.node_type === undefined ? await read(".zattrs") : asRecord(v3.attributes))[0];
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
