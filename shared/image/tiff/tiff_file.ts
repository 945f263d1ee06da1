/**
 * One TIFF file and its pages. The chain of directories, each with the place of the next, is followed here, only as far as a page
 * that is asked for; the TIFF library reads one directory at a time.
 */
import { delay } from "@std/async/delay";
import { GeoTIFF, type GeoTIFFImage } from "geotiff";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { throwIfAborted, unlessAborted } from "shared/process/unless_aborted.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import type { ObjectInfo, RequestOptions } from "shared/storage/store.ts";
import { unchangedReader } from "shared/storage/unchanged_reader.ts";
import { splitObject } from "shared/storage/url.ts";
import { geotiffSource } from "./geotiff_source.ts";
import { mendByteOrder } from "./tiff_blocks.ts";
import { integerTag, readDirectory, type TiffDirectory, type TiffForm } from "./tiff_directory.ts";

/** Directories that are followed; more are no image of a microscope, and would take seconds to count. */
export const MAX_DIRECTORIES = 2 ** 18;

/** Directories that are followed before other work has its turn: a few milliseconds. */
const DIRECTORIES_AT_ONCE = 1024;

/** Pages that are kept parsed. */
const PAGES_KEPT = 32;

const NEW_SUBFILE_TYPE = 254;
const SUBFILE_TYPE = 255;

/** A page: its directory, and the same as the TIFF library has it. */
export interface TiffPage {
  readonly image: GeoTIFFImage;
  readonly directory: TiffDirectory;
}

/** A page as several readers share it. */
interface SharedPage {
  readonly page: Promise<TiffPage>;
  readonly stop: AbortController;
  readers: number;
  failed: boolean;
}

/** An open file. */
export interface TiffFile extends TiffForm {
  readonly object: ObjectInfo;
  readonly header: Uint8Array;
  /**
   * Reads from page `number` of those that are neither reduced nor masks, and gives up as soon as the signal fires.
   *
   * @throws {ClearstackError} `corrupt-data` if there is none, or the chain goes in a circle; `unsupported` if it is too long;
   *   `cancelled`; what `read` throws
   */
  withPage<T>(number: number, read: (page: TiffPage) => Promise<T>, options?: RequestOptions): Promise<T>;
  /** Number of pages, counted up to `most`. */
  countPages(most: number, options?: RequestOptions): Promise<number>;
  /** Directories that were met and left out: reduced images and masks. */
  readonly leftOut: () => number;
}

/**
 * Opens a file; reads its header only.
 *
 * @throws {ClearstackError} `not-found`, `unsupported` where its size is not known, `corrupt-data`
 */
export async function openTiffFile(
  url: string,
  { environment, ...options }: StoreAccess,
): Promise<TiffFile> {
  const { base, key } = splitObject(url);
  const store = openReadable(base, { environment });
  const where = `${store.url.replace(/\/$/, "")}/${key}`;
  const object = await store.head(key, options);
  if (object === undefined) throw new ClearstackError("not-found", `${where} does not exist`);
  if (!Number.isFinite(object.size)) {
    throw new ClearstackError("unsupported", `the server does not say how long ${where} is`);
  }
  if (object.size === 0) throw new ClearstackError("corrupt-data", `${where} is empty`);
  const readBytes = unchangedReader(store, key, { where, object });
  const sourceUntil = (signal: AbortSignal | undefined) =>
    geotiffSource((offset, length) => readBytes(offset, length, signal), object.size) as never;
  const header = await readBytes(0, 1024, options.signal);
  const { littleEndian, bigTiff, firstIFDOffset } = await decoding(
    where,
    () => GeoTIFF.fromSource(sourceUntil(options.signal)),
  );
  const form: TiffForm = { where, readBytes, fileBytes: object.size, littleEndian, bigTiff };
  const chain = directoryChain(form, firstIFDOffset);
  const parsed = new RecentCache<number, SharedPage>(PAGES_KEPT);
  const parsePage = async (offset: number, signal: AbortSignal): Promise<TiffPage> => {
    const directory = await readDirectory(form, offset, signal);
    const source = sourceUntil(signal);
    const image = await decoding(where, () => new GeoTIFF(source, littleEndian, bigTiff, offset).getImage(0));
    mendByteOrder(image);
    return { image, directory };
  };
  const sharePage = (offset: number): Promise<SharedPage> => {
    const stop = new AbortController();
    return Promise.resolve({ page: parsePage(offset, stop.signal), stop, readers: 0, failed: false });
  };
  // The library takes no signal for what it reads later, and remembers for good what failed: such a page is parsed anew for those
  // who come later, and its reads are broken off once nobody waits for them.
  async function readPage<T>(offset: number, read: (page: TiffPage) => Promise<T>, { signal }: RequestOptions) {
    const shared = await parsed.get(offset, () => sharePage(offset));
    shared.readers++;
    try {
      return await unlessAborted(shared.page.then(read), signal);
    } catch (error) {
      shared.failed = true;
      parsed.forget(offset);
      throw error;
    } finally {
      shared.readers--;
      if (shared.readers === 0 && shared.failed) shared.stop.abort();
    }
  }
  return {
    ...form,
    object,
    header,
    leftOut: chain.leftOut,
    countPages: async (most, { signal } = {}) => (await chain.pages(most, signal)).length,
    withPage: async (number, read, options = {}) => {
      const pages = await chain.pages(number + 1, options.signal);
      const offset = pages[number];
      if (offset !== undefined) return await readPage(offset, read, options);
      throw new ClearstackError(
        "corrupt-data",
        `${where} says it has more images than the ${pages.length} that it lists`,
      );
    },
  };
}

/** Follows the chain of directories, one caller at a time, and remembers where it has been. */
function directoryChain(form: TiffForm, first: number) {
  const seen = new Set<number>();
  const others: number[] = [];
  const pages: number[] = [];
  let next = first;
  let turn: Promise<unknown> = Promise.resolve();

  async function follow(count: number, signal: AbortSignal | undefined): Promise<void> {
    while (next !== 0 && pages.length < count) {
      throwIfAborted(signal);
      refuseChain(form.where, next, seen);
      if (seen.size % DIRECTORIES_AT_ONCE === DIRECTORIES_AT_ONCE - 1) await delay(0);
      const directory = await readDirectory(form, next, signal);
      seen.add(next);
      (isPage(directory) ? pages : others).push(next);
      next = directory.next;
    }
    // Where all are marked as reduced, the mark means nothing.
    if (next === 0 && pages.length === 0) pages.push(...others.splice(0));
  }

  return {
    leftOut: () => others.length,
    /** Offsets of the pages that are known, after `count` of them were looked for. */
    async pages(count: number, signal?: AbortSignal): Promise<readonly number[]> {
      const mine = turn.catch(() => {}).then(() => follow(count, signal));
      turn = mine;
      await unlessAborted(mine, signal);
      return pages;
    },
  };
}

function refuseChain(where: string, next: number, seen: ReadonlySet<number>): void {
  if (seen.has(next)) {
    throw new ClearstackError(
      "corrupt-data",
      `${where} cannot be read as TIFF: its directories go in a circle, the one at byte ${next} comes again`,
    );
  }
  if (seen.size < MAX_DIRECTORIES) return;
  throw new ClearstackError(
    "unsupported",
    `${where} lists more than ${MAX_DIRECTORIES} pages; store it as an OME-Zarr, or as several files`,
    { limit: MAX_DIRECTORIES },
  );
}

/** Bit 0 of NewSubfileType marks a reduced image, bit 2 a mask; 2 is the old way to say reduced. */
function isPage(directory: TiffDirectory): boolean {
  const kind = integerTag(directory, NEW_SUBFILE_TYPE) ?? 0;
  return (kind & 0b101) === 0 && integerTag(directory, SUBFILE_TYPE) !== 2;
}

/** What the TIFF library says of a file whose first bytes are not those of a TIFF. */
const NO_TIFF = /^Invalid (byte order value|magic number)/;

/** Calls `decode`; what the TIFF library throws becomes `corrupt-data`. */
export async function decoding<T>(where: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (isClearstackError(error)) throw error;
    const thrown = error instanceof Error ? error.message : String(error);
    const reason = NO_TIFF.test(thrown) ? "it does not begin as one; is it a file of another kind?" : thrown;
    throw new ClearstackError("corrupt-data", `${where} cannot be read as TIFF: ${reason}`, { cause: error });
  }
}
