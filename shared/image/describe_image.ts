/**
 * Everything that the metadata of an image tell, beyond what reading its voxels takes: levels, shards, compression, what lies
 * beside it, and how far an output of ours has come. Nothing is decoded.
 */
import { z } from "zod";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Intensity } from "shared/contract/stored_array.ts";
import type { Location } from "shared/contract/location.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { isClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl, splitObject } from "shared/storage/url.ts";
import { gridSize } from "./grid_size.ts";
import { openImage } from "./open_image.ts";
import { unfinishedUrl } from "./output_form.ts";
import { readIntensity } from "./read_intensity.ts";
import { LEVEL_0 } from "./output/output_layout.ts";
import { type OutputState, readOutputState, stateOf } from "./output/output_state.ts";
import { type StorageFacts, tiffStorage, zarrStorage } from "./storage_facts.ts";
import { asRecord, childKey, readZarrNode, type ZarrNode } from "./zarr/zarr_node.ts";

interface LevelFacts {
  readonly path: string;
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
}

/** Facts about an image that are known without reading voxels. */
export interface ImageDescription extends StorageFacts {
  readonly info: ImageInfo;
  /** Version of OME-Zarr, where the metadata name one. */
  readonly omeVersion?: string;
  /** Uncompressed bytes of all voxels. */
  readonly bytes: number;
  /** Chunks of the whole grid, stored or not. */
  readonly chunks: number;
  /** Objects of the whole grid: shards where there are any, else chunks; of a TIFF always one. */
  readonly objects: number;
  /** Levels of the multiscale image that this is level 0 of, finest first. */
  readonly levels: readonly LevelFacts[];
  /** Names of label images beside it. */
  readonly labels: readonly string[];
  /** What stored integers stand for, where an output of Clearstack says so. */
  readonly intensity?: Intensity;
  /** For an output of Clearstack. */
  readonly output?: OutputState;
}

/**
 * Describes the image at a location. An unfinished output of ours is one too.
 *
 * @throws {ClearstackError} what `openImage` throws
 */
export async function describeImage(location: Location, access: StoreAccess): Promise<ImageDescription> {
  const state = await outputStateAt(location, access);
  const { becomes } = state ?? {};
  const at = becomes === undefined ? location : { ...location, url: unfinishedUrl(location.url) };
  // An unfinished output has no root group yet; its array is there from the start.
  const place = state?.state === "unfinished" && !location.path ? { ...at, path: LEVEL_0 } : at;
  const { info } = await openImage(place, access);
  const shown = { ...info, url: redactUrl(info.url) };
  const bytes = product(info.shape) * dtypeBytes(info.dtype);
  const chunks = gridSize(info.shape, info.chunkShape);
  const intensity = await readIntensity(info, access);
  const output = { ...(intensity ? { intensity } : {}), ...(state === undefined ? {} : { output: state }) };
  if (info.format === "tiff") {
    const facts = await tiffStorage(info.url, access);
    return { info: shown, ...facts, bytes, chunks, objects: 1, levels: [], labels: [], ...output };
  }
  const store = openReadable(info.url, access);
  const facts = zarrStorage((await readZarrNode(store, info.path))!);
  return {
    info: shown,
    ...facts,
    ...await surroundings(store, info),
    bytes,
    chunks,
    objects: gridSize(info.shape, facts.shardShape ?? info.chunkShape),
    ...output,
  };
}

async function outputStateAt(location: Location, access: StoreAccess): Promise<OutputState | undefined> {
  if (/\.tiff?$/i.test(redactUrl(location.url))) {
    const { readTiffRecord } = await import("./output/tiff/tiff_record.ts");
    const record = await readTiffRecord(location.url, access);
    return record === undefined
      ? await unfinishedTiff(location.url, access)
      : await stateOf(record.job, record.done, () => Promise.resolve(undefined));
  }
  return await readOutputState(openReadable(canonicalUrl(location.url), access));
}

/** A TIFF of ours that is not there yet, but the Zarr that it will be made of is. */
async function unfinishedTiff(url: string, access: StoreAccess): Promise<OutputState | undefined> {
  const { base, key } = splitObject(url);
  if (await openReadable(base, access).head(key) !== undefined) return undefined;
  const state = await readOutputState(openReadable(unfinishedUrl(url), access));
  return state && { ...state, becomes: redactUrl(canonicalUrl(url)) };
}

type Surroundings = Pick<ImageDescription, "levels" | "labels"> & { readonly omeVersion?: string };

const Multiscales = z.array(z.looseObject({
  version: z.unknown().optional(),
  datasets: z.array(z.looseObject({ path: z.string() })),
})).min(1);

/** Statements of the group around the array. */
async function surroundings(store: ReadableStore, info: ImageInfo): Promise<Surroundings> {
  const none = { levels: [], labels: [] };
  if (info.path === "") return none;
  const folder = info.path.includes("/") ? info.path.slice(0, info.path.lastIndexOf("/")) : "";
  const group = await readZarrNode(store, folder);
  if (group === undefined) return none;
  const ome = asRecord(group.attributes.ome);
  const { data } = Multiscales.safeParse(ome.multiscales ?? group.attributes.multiscales);
  const multiscale = data?.[0];
  const paths = multiscale?.datasets.map(({ path }) => childKey(folder, path)) ?? [];
  const isLevelZero = paths[0] === info.path;
  const version = ome.version ?? multiscale?.version;
  return {
    levels: isLevelZero ? await readLevels(store, paths) : [],
    labels: await readLabels(store, childKey(folder, "labels")),
    ...(isLevelZero && typeof version === "string" ? { omeVersion: version } : {}),
  };
}

const MAX_LEVELS = 32;

async function readLevels(store: ReadableStore, paths: readonly string[]): Promise<LevelFacts[]> {
  const levels = await Promise.all(
    paths.slice(0, MAX_LEVELS).map(async (path) => {
      const node = await readZarrNode(store, path);
      if (node?.kind !== "array") return undefined;
      const { shape, chunkShape } = zarrStorage(node);
      return { path, shape, chunkShape };
    }),
  );
  return levels.filter((level) => level !== undefined);
}

/** The label images that a group of labels names. */
async function readLabels(store: ReadableStore, path: string): Promise<string[]> {
  const node = await readOptional(store, path);
  const attributes = node?.attributes ?? {};
  const labels = asRecord(attributes.ome).labels ?? attributes.labels;
  return Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [];
}

/** An object that may not be read counts as absent: it lies beside the image and is not part of it. */
async function readOptional(store: ReadableStore, path: string): Promise<ZarrNode | undefined> {
  try {
    return await readZarrNode(store, path);
  } catch (error) {
    if (isClearstackError(error, "forbidden") || isClearstackError(error, "corrupt-data")) return undefined;
    throw error;
  }
}

function product(sides: readonly number[]): number {
  return sides.reduce((total, side) => total * side, 1);
}
