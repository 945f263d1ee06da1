/**
 * The files in a zip as objects, read only: `.zarr.zip` and `.ozx` (RFC-9 of OME-Zarr). Stored entries are read by ranges; what is
 * deflated is inflated whole. unzipit reads the directory; it reads entries whole only, and keeps the place of each to itself. It is loaded when a zip is read.
 */
import { crc32, inflateRaw } from "node:zlib";
import { promisify } from "node:util";
import type { ZipEntry } from "unzipit";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import type { ReadBytes } from "./block_reader.ts";
import { assertWithin, folderOf, type ObjectInfo, type ReadableStore, sliceRange } from "./store.ts";
import { unchangedReader } from "./unchanged_reader.ts";

/** Longest directory that is read: some 300,000 files. */
const MAX_DIRECTORY_BYTES = 32 * 2 ** 20;

/** Longest file that is inflated, and files that are kept so. */
const MAX_INFLATED_BYTES = 256 * 2 ** 20;
const INFLATED_KEPT = 4;

/** Bytes of a local header before its name; its length and that of its extra field are its last two words. */
const LOCAL_HEADER_BYTES = 30;

const STORED = 0;
const DEFLATED = 8;

/** Documents of which one makes a folder the root of a Zarr. */
const ROOTS = ["zarr.json", ".zgroup", ".zarray", ".zmetadata"];

/** The files of an open zip. */
interface OpenZip {
  readonly object: ObjectInfo;
  readonly readBytes: ReadBytes;
  readonly entries: ReadonlyMap<string, ZipEntry>;
}

/** True for a URL or path that ends as the names of zips do. */
export function isZip(url: string): boolean {
  return /\.(zip|ozx)$/i.test(url.replace(/[?#].*$/s, "").replace(/[\\/]+$/, ""));
}

/** Opens the zip that is the object `key` of a store. */
export function zipStore(store: ReadableStore, key: string): ReadableStore {
  const url = `${store.url.replace(/\/$/, "")}/${key}`;
  const opened = new RecentCache<"zip", OpenZip | undefined>(1);
  const open = (signal?: AbortSignal) => opened.get("zip", (shared) => openZip(store, { key, url }, shared), signal);
  const inflated = new RecentCache<string, Uint8Array>(INFLATED_KEPT);

  async function readEntry(name: string, range: { offset: number; length: number } | undefined, signal?: AbortSignal) {
    const zip = await open(signal);
    const entry = zip?.entries.get(name);
    if (zip === undefined || entry === undefined) return undefined;
    const what = `${url}/${name}`;
    if (entry.compressionMethod === DEFLATED) {
      const whole = await inflated.get(name, (shared) => inflate(zip, entry, what, shared), signal);
      return range === undefined ? whole.slice() : sliceRange(whole, range).slice();
    }
    if (entry.compressionMethod !== STORED) {
      throw new ClearstackError(
        "unsupported",
        `${what} is compressed in a way that is not read; store it, or unzip ${url}`,
      );
    }
    const { offset, length } = range ?? { offset: 0, length: entry.size };
    const start = await dataStart(zip, entry, what, signal);
    const bytes = await zip.readBytes(start + offset, Math.max(0, Math.min(length, entry.size - offset)), signal);
    if (range === undefined) assertIntact(bytes, entry, what);
    return bytes;
  }

  return {
    url,
    place: async (name) => await store.place(key) + folderOf(name),
    async get(name, { signal, maxBytes } = {}) {
      assertWithin((await open(signal))?.entries.get(name)?.size ?? 0, maxBytes, `${url}/${name}`);
      return await readEntry(name, undefined, signal);
    },
    async getRange(name, range, { signal } = {}) {
      const size = (await open(signal))?.entries.get(name)?.size ?? 0;
      const start = "offset" in range ? range.offset : Math.max(0, size - range.suffixLength);
      const length = "offset" in range ? range.length : Math.min(range.suffixLength, size);
      return await readEntry(name, { offset: start, length }, signal);
    },
    async head(name, { signal } = {}) {
      const zip = await open(signal);
      const entry = zip?.entries.get(name);
      return entry && { ...zip!.object, size: entry.size, etag: `${zip!.object.etag ?? ""} ${offsetOf(entry)}` };
    },
    async *list(prefix, { signal } = {}) {
      for (const name of (await open(signal))?.entries.keys() ?? []) if (name.startsWith(prefix)) yield name;
    },
    async *listNames(prefix, { signal } = {}) {
      const names = new Set<string>();
      for (const name of (await open(signal))?.entries.keys() ?? []) {
        if (!name.startsWith(prefix)) continue;
        const [first, ...rest] = name.slice(prefix.length).split("/");
        names.add(rest.length > 0 ? `${first}/` : first!);
      }
      yield* names;
    },
  };
}

async function openZip(
  store: ReadableStore,
  { key, url }: { readonly key: string; readonly url: string },
  signal: AbortSignal,
): Promise<OpenZip | undefined> {
  const object = await store.head(key, { signal });
  if (object === undefined) return undefined;
  if (!Number.isFinite(object.size)) {
    throw new ClearstackError("unsupported", `the server does not say how long ${url} is`);
  }
  const readBytes = unchangedReader(store, key, { where: url, object });
  const reader = {
    getLength: () => Promise.resolve(object.size),
    async read(offset: number, length: number) {
      assertWithin(length, MAX_DIRECTORY_BYTES, `the directory of ${url}`);
      const bytes = await readBytes(offset, length, signal);
      if (bytes.length === length) return bytes;
      throw new Error(`it ends before the ${length} bytes at ${offset} that it speaks of`);
    },
    sliceAsBlob: () => Promise.reject(new Error("no files are read by it")),
  };
  try {
    // Loaded when there is a zip.
    const { unzipRaw } = await import("unzipit");
    const { entries } = await unzipRaw(reader as never);
    return { object, readBytes, entries: belowRoot(entries.filter((entry) => !entry.isDirectory)) };
  } catch (error) {
    if (isClearstackError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClearstackError("corrupt-data", `${url} cannot be read as zip: ${reason}`, { cause: error });
  }
}

/** Entries by their names; below the only folder, where somebody zipped that rather than what it holds. The last of a name counts. */
function belowRoot(entries: readonly ZipEntry[]): Map<string, ZipEntry> {
  const folders = new Set(entries.map(({ name }) => name.slice(0, name.indexOf("/") + 1)));
  const [folder = ""] = folders;
  const names = new Set(entries.map(({ name }) => name));
  const isRoot = folders.size === 1 && ROOTS.some((root) => names.has(folder + root));
  return new Map(entries.map((entry) => [isRoot ? entry.name.slice(folder.length) : entry.name, entry]));
}

/** Place of the local header, which unzipit keeps private. */
function offsetOf(entry: ZipEntry): number {
  return (entry as unknown as { _rawEntry: { relativeOffsetOfLocalHeader: number } })._rawEntry
    .relativeOffsetOfLocalHeader;
}

/** The first byte of an entry's data. */
async function dataStart({ readBytes }: OpenZip, entry: ZipEntry, what: string, signal?: AbortSignal): Promise<number> {
  const offset = offsetOf(entry);
  const header = await readBytes(offset, LOCAL_HEADER_BYTES, signal);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (header.length < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== 0x04034b50 || entry.encrypted) {
    const reason = entry.encrypted ? "is encrypted" : "has no header where the directory says";
    throw new ClearstackError("corrupt-data", `${what} ${reason}`);
  }
  return offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

async function inflate(zip: OpenZip, entry: ZipEntry, what: string, signal: AbortSignal): Promise<Uint8Array> {
  assertWithin(entry.size, MAX_INFLATED_BYTES, what);
  const start = await dataStart(zip, entry, what, signal);
  const stored = await zip.readBytes(start, entry.compressedSize, signal);
  try {
    // Slices of Node's buffers are views, of arrays they are copies.
    const { buffer, byteOffset, length } = await promisify(inflateRaw)(stored, {
      maxOutputLength: Math.max(1, entry.size),
    });
    const bytes = new Uint8Array(buffer, byteOffset, length);
    assertIntact(bytes, entry, what);
    return bytes;
  } catch (error) {
    if (isClearstackError(error)) throw error;
    throw new ClearstackError("corrupt-data", `${what} cannot be inflated: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function assertIntact(bytes: Uint8Array, entry: ZipEntry, what: string): void {
  const { crc32: expected } = (entry as unknown as { _rawEntry: { crc32: number } })._rawEntry;
  if (bytes.length === entry.size && crc32(bytes) === expected) return;
  throw new ClearstackError("corrupt-data", `${what} is damaged: its checksum is another`);
}
