/**
 * A TIFF as an image: one page is a plane, several pages of one kind are a stack in z. What could mean something else is
 * refused rather than guessed.
 */
import { GeoTIFF, type GeoTIFFImage } from "geotiff";
import type { Dtype, ImageInfo, Location } from "../contract.ts";
import { ClearstackError, isClearstackError } from "../errors.ts";
import { blockReader } from "../storage/block_reader.ts";
import { openStore } from "../storage/open_store.ts";
import type { ObjectInfo, RequestOptions } from "../storage/store.ts";
import { canonicalUrl, splitObject } from "../storage/url.ts";
import { axesOf } from "./axes.ts";
import { hashHex } from "./hash.ts";
import type { ChunkValues, Image } from "./image.ts";
import { parseTiffDescription, type TiffDescription } from "./tiff_metadata.ts";

/** How an image is opened. */
export interface OpenOptions extends RequestOptions {
  /**
   * True takes the pages of a TIFF as planes of z even if it calls them channels or time points, as tifffile does where it is
   * not told the axes. For what can be nothing but one volume, such as a PSF.
   * @default {false}
   */
  readonly pagesAreZ?: boolean;
}

/**
 * Opens a TIFF; reads its directories only. A chunk is a page.
 *
 * @throws {ClearstackError} `not-found`, `unsupported` for colour, hyperstacks and pages of several kinds, `corrupt-data`
 */
export async function openTiff(location: Location, options: OpenOptions = {}): Promise<Image> {
  const { base, key } = splitObject(location.url);
  const store = openStore(base);
  const where = `${store.url.replace(/\/$/, "")}/${key}`;
  const object = await store.head(key, options);
  if (object === undefined) throw new ClearstackError("not-found", `${where} does not exist`);
  if (!Number.isFinite(object.size)) {
    throw new ClearstackError("unsupported", `the server does not say how long ${where} is`);
  }
  if (object.size === 0) throw new ClearstackError("corrupt-data", `${where} is empty`);

  const readBytes = blockReader(store, key, object.size);
  const tiff = await decoding(
    where,
    async () => await GeoTIFF.fromSource(geotiffSource(readBytes, object.size) as never),
  );
  const pages = await decoding(where, () => tiff.getImageCount());
  const first = await decoding(where, () => tiff.getImage(0));
  const { pagesAreZ = false } = options;
  const info = await infoOf(first, { location, where, pages, pagesAreZ, object, header: await readBytes(0, 1024) });
  return {
    info,
    async readChunk(coords, { signal } = {}) {
      const page = coords.length === 3 ? coords[0]! : 0;
      const image = await decoding(where, () => tiff.getImage(page));
      refuseOddPage(image, page, info, where);
      const values = await decoding(
        `page ${page + 1} of ${where}`,
        () => image.readRasters({ interleave: true, ...(signal === undefined ? {} : { signal }) }),
      );
      const width = info.shape.at(-1)!;
      const strides = coords.length === 3 ? [values.length, width, 1] : [width, 1];
      return { values: values as unknown as ChunkValues, strides, storedBytes: await storedBytesOf(image) };
    },
  };
}

interface Opened {
  readonly location: Location;
  readonly where: string;
  readonly pages: number;
  readonly pagesAreZ: boolean;
  readonly object: ObjectInfo;
  readonly header: Uint8Array;
}

async function infoOf(first: GeoTIFFImage, opened: Opened): Promise<ImageInfo> {
  const { location, where, pages, object, header } = opened;
  const description = parseTiffDescription(String(await first.fileDirectory.loadValue("ImageDescription") ?? ""));
  refuseAmbiguous(first, description, opened);
  const names = pages === 1 ? "yx" : "zyx";
  if (location.path) {
    throw new ClearstackError("invalid-request", `${where} is a TIFF and has no array ${location.path}`);
  }
  if (location.axes !== undefined && location.axes !== names) {
    throw new ClearstackError("invalid-request", `${where} has the axes ${names}; leave out --axes ${location.axes}`);
  }
  const plane = [first.getHeight(), first.getWidth()];
  const scale = (await spacingOf(first, description)).slice(-names.length);
  return {
    url: canonicalUrl(location.url),
    path: "",
    format: "tiff",
    dtype: dtypeOf(first, where),
    shape: pages === 1 ? plane : [pages, ...plane],
    chunkShape: pages === 1 ? plane : [1, ...plane],
    axes: axesOf(names, [...names].map(() => description.unit)),
    scale,
    identity: await hashHex(header, new TextEncoder().encode(`${object.size} ${object.etag ?? ""}`)),
  };
}

function refuseAmbiguous(
  first: GeoTIFFImage,
  { pages: stated, planes, channels, frames }: TiffDescription,
  { location, where, pages, pagesAreZ }: Opened,
): void {
  // One long dimension, whatever it is called, is z where the caller says so.
  const isStack = (pagesAreZ || location.axes === "zyx") &&
    [planes, channels, frames].filter((count) => count > 1).length < 2;
  const problem = first.getSamplesPerPixel() !== 1
    ? `has ${first.getSamplesPerPixel()} samples per pixel (colour)`
    : !isStack && (channels > 1 || frames > 1)
    ? `has ${channels} channels and ${frames} time points`
    : stated !== undefined && stated !== pages
    ? `says it has ${stated} images and lists ${pages}`
    : undefined;
  if (problem === undefined) return;
  const hint = channels > 1 !== frames > 1 && planes === 1 ? " (if these are planes of z, say --axes zyx)" : "";
  throw new ClearstackError("unsupported", `${where} ${problem}${hint}; store one grey stack per TIFF, or an OME-Zarr`);
}

/** Distance of voxels in z, y, x; 1 where the file is silent. */
async function spacingOf(first: GeoTIFFImage, description: TiffDescription): Promise<[number, number, number]> {
  const [z, y, x] = description.spacing;
  return [z ?? 1, y ?? await resolution("YResolution"), x ?? await resolution("XResolution")];

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
    dtypeOf(image, where) === info.dtype;
  if (alike) return;
  throw new ClearstackError("unsupported", `page ${page + 1} of ${where} differs from the first in size or type`);
}

async function storedBytesOf(image: GeoTIFFImage): Promise<number> {
  const counts = await image.fileDirectory.loadValue(image.isTiled ? "TileByteCounts" : "StripByteCounts");
  return [...(counts ?? []) as Iterable<number>].reduce((sum, count) => sum + Number(count), 0);
}

/** The few methods of geotiff's sources that are called. */
function geotiffSource(readBytes: ReturnType<typeof blockReader>, fileSize: number) {
  return {
    fileSize,
    close: () => Promise.resolve(),
    fetch: (slices: readonly { offset: number; length: number }[], signal?: AbortSignal) =>
      Promise.all(slices.map(async ({ offset, length }) => {
        const bytes = await readBytes(offset, length, signal);
        return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
          ? bytes.buffer
          : bytes.slice().buffer;
      })),
  };
}

async function decoding<T>(where: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (isClearstackError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClearstackError("corrupt-data", `${where} cannot be read as TIFF: ${reason}`, { cause: error });
  }
}
