/**
 * TIFFs as an image: a page is a plane, and its metadata say along which axes the pages lie. What could mean something else is refused
 * rather than guessed.
 */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import { counted } from "shared/counted.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { ObjectInfo, RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, schemeOf, splitObject } from "shared/storage/url.ts";
import type { Image } from "../image.ts";
import type { PlanePlace, TiffDescription } from "./describe/description.ts";
import { describePages } from "./describe/describe_pages.ts";
import { planeFiles, type PlanePage, presentFiles } from "./plane_files.ts";
import { decidePageAxes, type PageAxes } from "./tiff_axes.ts";
import { contiguousPages } from "./tiff_contiguous.ts";
import { integerTag } from "./tiff_directory.ts";
import { tiffInfo } from "./tiff_info.ts";
import { decoding, MAX_DIRECTORIES, openTiffFile, type TiffFile, type TiffPage } from "./tiff_file.ts";
import { sampleType } from "./tiff_samples.ts";
import { describeSequence, fileUrl, findSequence, isPattern, type TiffSequence } from "./tiff_sequence.ts";
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

const COMPRESSION = 259;

/** Pages that are counted although the description states how many there are. */
const MAX_PAGES_COUNTED = 500;

/** A file, or the first one of a sequence. */
interface FirstFile {
  readonly file: TiffFile;
  readonly url: string;
  readonly sequence?: TiffSequence;
}

/**
 * Opens a TIFF, or a folder or pattern of TIFFs of one plane each; reads directories only. A chunk is a page, or a tile of one.
 *
 * @throws {ClearstackError} `not-found`, `invalid-request` (which axes, which image?), `unsupported` for color and pages of several
 *   kinds, `corrupt-data`
 */
export async function openTiff(location: Location, options: OpenOptions): Promise<Image> {
  const first = await openFirstFile(location.url, options);
  return await first.file.withPage(0, (page) => openPages(page, { ...first, location }, options), options);
}

async function openPages(
  page: TiffPage,
  { file, url, sequence, location }: FirstFile & { readonly location: Location },
  options: OpenOptions,
): Promise<Image> {
  const { pagesAreZ = false, environment, signal } = options;
  const where = sequence?.where ?? file.where;
  const stated = await describePages(file, page, { url, image: imageNumber(location, where), environment, signal });
  // Color is said before the numbers of pages that follow from it.
  if (stated.severalImages !== true) await decoding(where, () => Promise.resolve(sampleType(page, where)));
  if (sequence !== undefined) await refuseStacks(sequence, file, options);
  const described = sequence === undefined ? stated : describeSequence(sequence, stated, location.pages);
  const { base } = splitObject(url);
  const { description, present } = await otherFiles(described, { location, where, base, environment, signal });
  const counted = description.severalFiles ? description.pages! : await countPages(file, page, description, options);
  const isContiguous = description.contiguous && counted === 1 && (description.pages ?? 1) > 1;
  const stack = isContiguous
    ? await decoding(where, () => contiguousPages(page.image, { ...file, dtype: sampleType(page, where).dtype }))
    : undefined;
  const axes = decidePageAxes({
    where,
    listed: stack === undefined ? counted : Math.min(stack.pages, description.pages!),
    description,
    requested: location.axes,
    pagesAreZ,
    pages: location.pages,
    isRaw: stack !== undefined,
    leftOut: file.leftOut(),
  });
  const opened = { location, where, axes, file, others: [...present.values()] };
  if (stack === undefined) {
    const withPlane = planeFiles(file, { urlOf: (name) => fileUrl(base, name), states: present, environment });
    // Images of one file may differ in size and type: each is what its own first plane is.
    const info = description.severalImages
      ? await withPlane(axes.placeAt(axes.names.map(() => 0)), (plane) => tiffInfo(plane, description, opened), {
        signal,
      })
      : await tiffInfo(page, description, opened);
    return { info, readChunk: pageReader(withPlane, info, axes) };
  }
  const info = await tiffInfo(page, description, opened);
  const [height, width] = info.chunkShape.slice(-2) as [number, number];
  return {
    info,
    async readChunk(coords, { signal } = {}) {
      const values = await stack.readPage(axes.placeAt(coords).page, { signal });
      return { values, strides: strides(coords.length, width, height), storedBytes: values.byteLength };
    },
  };
}

/**
 * Opens the file that a URL names, or the first one of a folder or a pattern.
 *
 * @throws {ClearstackError} `not-found`, `corrupt-data`
 */
export async function openFirstFile(location: string, options: StoreAccess): Promise<FirstFile> {
  const url = canonicalUrl(location);
  if (!isPattern(url)) {
    try {
      return { file: await openTiffFile(url, options), url };
    } catch (error) {
      if (!isClearstackError(error, "not-found") || /^https?$/.test(schemeOf(url))) throw error;
    }
  }
  const sequence = await findSequence(url, options);
  if (sequence === undefined) {
    throw new ClearstackError(
      "not-found",
      isPattern(url) ? `there is no TIFF of the pattern ${url}` : `${url} does not exist, or holds no TIFF`,
    );
  }
  const first = fileUrl(sequence.base, sequence.names[0]!);
  return { file: await openTiffFile(first, options), url: first, sequence };
}

/** The number in `--path`, which a TIFF has for its images. */
function imageNumber({ path }: Location, where: string): number | undefined {
  if (path === undefined || path === "") return undefined;
  if (/^\d{1,6}$/.test(path)) return Number(path);
  throw new ClearstackError(
    "invalid-request",
    `${where} is a TIFF: its images have numbers from 0, and no array ${path}`,
  );
}

async function refuseStacks({ where, names }: TiffSequence, file: TiffFile, options: RequestOptions): Promise<void> {
  if (await file.countPages(2, options) === 1) return;
  throw new ClearstackError(
    "unsupported",
    `${where} is no Zarr and has ${counted(names.length, "TIFF")}, and ${names[0]} has several pages; ` +
      "only files of one plane each are one image: name one of the images in it",
  );
}

/** Files beside the first one. Planes of those that are missing have no place, where that is asked for. */
async function otherFiles(
  description: TiffDescription,
  { location, where, ...place }: StoreAccess & {
    readonly location: Location;
    readonly where: string;
    readonly base: string;
  },
): Promise<{ readonly description: TiffDescription; readonly present: ReadonlyMap<string, ObjectInfo> }> {
  if (!description.severalFiles) return { description, present: new Map() };
  const places = description.placePlanes!();
  const { present, missing } = await presentFiles(places, { where, ...place });
  if (missing.length > 0 && location.pages !== "as-listed") {
    throw new ClearstackError(
      "not-found",
      `${where} is a part of an OME-TIFF of several files, of which ${missing.length} are not beside it (` +
        `${missing.slice(0, 3).join(", ")}${
          missing.length > 3 ? ", ..." : ""
        }); to take what is there, say --pages as-listed`,
    );
  }
  const there = (one: PlanePlace | undefined) => one?.file === undefined || present.has(one.file) ? one : undefined;
  return { description: { ...description, placePlanes: () => places.map(there) }, present };
}

/** Reads pages, or tiles of them, that have directories of their own. */
function pageReader(withPlane: ReturnType<typeof planeFiles>, info: ImageInfo, axes: PageAxes): Image["readChunk"] {
  const [height, width] = info.chunkShape.slice(-2) as [number, number];
  return async (coords, { signal } = {}) => {
    const place = coords.slice(-2) as [number, number];
    const read = async (page: PlanePage) => {
      const sample = sampleType(page, page.where);
      refuseOddPage(page, sample.dtype, info);
      return await readTiffVoxels(page.image, place, { readBytes: page.file.readBytes, sample, signal });
    };
    const chunk = await withPlane(axes.placeAt(coords), read, { signal });
    return { ...chunk, strides: strides(coords.length, width, height) };
  };
}

/** Of a chunk that holds one plane of these sides. */
function strides(rank: number, width: number, height: number): number[] {
  return [...Array.from({ length: rank - 2 }, () => width * height), width, 1];
}

/**
 * Number of pages that have a directory. A long chain is not followed to its end where the description states the number and the file
 * has room for so many: far away, each link is a request. What is missing is then noticed when it is met.
 */
async function countPages(
  file: TiffFile,
  { image: first, directory }: TiffPage,
  { pages: stated, severalImages = false }: TiffDescription,
  options: RequestOptions,
): Promise<number> {
  if (stated === undefined || stated <= MAX_PAGES_COUNTED || severalImages) {
    return await file.countPages(Infinity, options);
  }
  const isRaw = (integerTag(directory, COMPRESSION) ?? 1) === 1;
  const least = isRaw ? first.getWidth() * first.getHeight() * first.getBytesPerPixel() : 1;
  const believed = stated <= MAX_DIRECTORIES && stated * least <= file.fileBytes &&
    await file.countPages(2, options) === 2;
  return believed ? stated : await file.countPages(Infinity, options);
}

function refuseOddPage({ image, where }: PlanePage, dtype: string, info: ImageInfo): void {
  const [height, width] = info.shape.slice(-2);
  const alike = image.getHeight() === height && image.getWidth() === width && dtype === info.dtype &&
    (image.isTiled ? image.getTileHeight() : height) === info.chunkShape.at(-2) &&
    (image.isTiled ? image.getTileWidth() : width) === info.chunkShape.at(-1);
  if (alike) return;
  throw new ClearstackError("unsupported", `${where} differs from the first in size, tiles or type`);
}
