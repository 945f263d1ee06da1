/**
 * A TIFF as an image: a page is a plane, and its description says along which axes the pages lie. What could mean something
 * else is refused rather than guessed.
 */
import type { GeoTIFFImage } from "geotiff";
import type { Channel, Dtype, ImageInfo } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl } from "shared/storage/url.ts";
import { axesOf } from "../axes.ts";
import { hashHex } from "../output/hash.ts";
import { IMAGEJ_LENGTHS_TAG, IMAGEJ_METADATA_TAG, imageJChannels } from "./imagej_channels.ts";
import { channelsFor } from "../ome/ome_channels.ts";
import type { Image } from "../image.ts";
import { decidePageAxes, type PageAxes } from "./tiff_axes.ts";
import { contiguousPages } from "./tiff_contiguous.ts";
import { decoding, MAX_DIRECTORIES, openTiffFile, type TiffFile, type TiffPage } from "./tiff_file.ts";
import { parseTiffDescription, type TiffDescription } from "./tiff_metadata.ts";
import { readTiffVoxels } from "./tiff_voxels.ts";

/** Options for opening an image. */
export interface OpenOptions extends StoreAccess {
  /**
   * True takes the pages of a TIFF as planes of z even if it calls them channels or time points, as tifffile does where it is
   * not told the axes. For what can be nothing but one volume, such as a PSF.
   * @default {false}
   */
  readonly pagesAreZ?: boolean;
}

/** Pages that are counted although the description states how many there are. */
const MAX_PAGES_COUNTED = 500;

/**
 * Opens a TIFF; reads its directories only. A chunk is a page, or a tile of one.
 *
 * @throws {ClearstackError} `not-found`, `invalid-request` (which axes?), `unsupported` for color and pages of several kinds,
 *   `corrupt-data`
 */
export async function openTiff(location: Location, options: OpenOptions): Promise<Image> {
  const file = await openTiffFile(location.url, options);
  return await file.withPage(0, ({ image }) => openPages(image, { location, file, options }), options);
}

async function openPages(
  first: GeoTIFFImage,
  { location, file, options }: Omit<Opened, "pages"> & { readonly options: OpenOptions },
): Promise<Image> {
  const { where } = file;
  const text = await decoding(where, async () => String(await first.fileDirectory.loadValue("ImageDescription") ?? ""));
  const description = await parseTiffDescription(text, where, options);
  refuseColor(first, where);
  const listed = await countPages(file, description.pages, options);
  const { pagesAreZ = false } = options;
  const pages = decidePageAxes({ where, listed, description, requested: location.axes, pagesAreZ });
  const info = await infoOf(first, description, { location, file, pages });
  if (!pages.contiguous) return { info, readChunk: pageReader(file, info, pages) };
  const stack = { ...file, pages: description.pages!, dtype: info.dtype };
  const readPage = await decoding(where, () => contiguousPages(first, stack));
  const [height, width] = info.shape.slice(-2) as [number, number];
  return {
    info,
    async readChunk(coords, { signal } = {}) {
      const values = await readPage(pages.pageAt(coords), { signal });
      return { values, strides: strides(coords.length, width, height), storedBytes: values.byteLength };
    },
  };
}

interface Opened {
  readonly location: Location;
  readonly file: TiffFile;
  readonly pages: PageAxes;
}

/** Reads pages, or tiles of them, that have directories of their own. */
function pageReader(file: TiffFile, info: ImageInfo, pages: PageAxes): Image["readChunk"] {
  const { where, readBytes } = file;
  const [height, width] = info.chunkShape.slice(-2) as [number, number];
  return async (coords, { signal } = {}) => {
    const number = pages.pageAt(coords);
    const place = coords.slice(-2) as [number, number];
    const read = async ({ image }: TiffPage) => {
      refuseOddPage(image, number, info, where);
      return await readTiffVoxels(image, place, { readBytes, dtype: info.dtype, signal });
    };
    return {
      ...await decoding(`page ${number + 1} of ${where}`, () => file.withPage(number, read, { signal })),
      strides: strides(coords.length, width, height),
    };
  };
}

/** Of a chunk that holds one plane of these sides. */
function strides(rank: number, width: number, height: number): number[] {
  return [...Array.from({ length: rank - 2 }, () => width * height), width, 1];
}

/**
 * Number of pages that have a directory. A long chain is not followed to its end where the description states the number: far
 * away, each link is a request. What is missing is then noticed when it is met.
 */
async function countPages(file: TiffFile, stated: number | undefined, options: RequestOptions): Promise<number> {
  if (stated === undefined || stated <= MAX_PAGES_COUNTED) return await file.countPages(Infinity, options);
  const believed = stated <= MAX_DIRECTORIES && await file.countPages(2, options) === 2;
  return believed ? stated : await file.countPages(Infinity, options);
}

async function infoOf(first: GeoTIFFImage, description: TiffDescription, opened: Opened): Promise<ImageInfo> {
  const { location, file: { where, object, header }, pages } = opened;
  if (location.path) {
    throw new ClearstackError("invalid-request", `${where} is a TIFF and has no array ${location.path}`);
  }
  const names = [...pages.names, "y", "x"] as const;
  const plane = [first.getHeight(), first.getWidth()];
  const chunk = first.isTiled ? [first.getTileHeight(), first.getTileWidth()] : plane;
  const spacing = await spacingOf(first, description);
  const unit = (name: typeof names[number]) =>
    name === "t" && spacing.t === undefined ? undefined : description.units[name];
  const axes = axesOf(names.join(""), names.map(unit));
  const shape = [...pages.lengths, ...plane];
  return {
    url: canonicalUrl(location.url),
    path: "",
    format: "tiff",
    dtype: dtypeOf(first, where),
    shape,
    chunkShape: [...pages.lengths.map(() => 1), ...chunk],
    axes,
    scale: names.map((name) => spacing[name] ?? 1),
    ...channelsFor(
      { axes, shape },
      description.channels ?? await taggedChannels(first, shape[names.indexOf("c")] ?? 1),
    ),
    identity: await hashHex(header, new TextEncoder().encode(`${object.size} ${object.etag ?? ""}`)),
  };
}

/** Channels that ImageJ describes in tags of its own; none if these are damaged. */
async function taggedChannels({ fileDirectory, littleEndian }: GeoTIFFImage, channels: number): Promise<Channel[]> {
  if (!fileDirectory.hasTag(IMAGEJ_METADATA_TAG)) return [];
  try {
    const lengths: unknown = await fileDirectory.loadValue(IMAGEJ_LENGTHS_TAG);
    const metadata: unknown = await fileDirectory.loadValue(IMAGEJ_METADATA_TAG);
    if (!(metadata instanceof Uint8Array && lengths instanceof Uint32Array)) return [];
    return imageJChannels({ lengths: [...lengths], metadata, littleEndian, channels });
  } catch (error) {
    if (isClearstackError(error) && error.kind !== "corrupt-data") throw error;
    return [];
  }
}

function refuseColor(first: GeoTIFFImage, where: string): void {
  const samples = first.getSamplesPerPixel();
  if (samples === 1) return;
  throw new ClearstackError(
    "unsupported",
    `${where} has ${samples} samples per pixel (color); store grey channels as pages of their own, or an OME-Zarr`,
  );
}

/** Distance of neighbours along each axis; absent where the file is silent, but for y and x, which are then 1. */
async function spacingOf(first: GeoTIFFImage, description: TiffDescription): Promise<TiffDescription["spacing"]> {
  const { y, x, ...others } = description.spacing;
  return { ...others, y: y ?? await resolution("YResolution"), x: x ?? await resolution("XResolution") };

  /** Voxels per unit are stored as a fraction. Without a unit they are those of print, not of the specimen. */
  async function resolution(tag: "XResolution" | "YResolution"): Promise<number> {
    const [numerator, denominator] = (await first.fileDirectory.loadValue(tag) ?? []) as number[];
    const distance = denominator! / numerator!;
    return description.resolutionInUnit && Number.isFinite(distance) && distance > 0 ? distance : 1;
  }
}

function dtypeOf(image: GeoTIFFImage, where: string): Dtype {
  const kind = { 1: "uint", 2: "int", 3: "float" }[image.getSampleFormat() as number];
  const dtype = `${kind}${image.getBitsPerSample()}`;
  if (["uint8", "uint16", "uint32", "int8", "int16", "int32", "float16", "float32", "float64"].includes(dtype)) {
    return dtype as Dtype;
  }
  throw new ClearstackError(
    "unsupported",
    `${where} has samples of ${image.getBitsPerSample()} bits and a format not read`,
  );
}

function refuseOddPage(image: GeoTIFFImage, page: number, info: ImageInfo, where: string): void {
  const [height, width] = info.shape.slice(-2);
  const alike = image.getHeight() === height && image.getWidth() === width && image.getSamplesPerPixel() === 1 &&
    dtypeOf(image, where) === info.dtype &&
    (image.isTiled ? image.getTileHeight() : height) === info.chunkShape.at(-2) &&
    (image.isTiled ? image.getTileWidth() : width) === info.chunkShape.at(-1);
  if (alike) return;
  throw new ClearstackError(
    "unsupported",
    `page ${page + 1} of ${where} differs from the first in size, tiles or type`,
  );
}
