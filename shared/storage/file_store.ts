/**
 * Objects as files below a folder. A write goes to a temporary name in the same folder and is renamed, so a process that
 * dies leaves either the old object or the new one under the final name.
 */
import { basename, dirname, join, resolve } from "@std/path";
import { ClearstackError } from "shared/errors.ts";
import { takeBytes } from "shared/process/recycle_memory.ts";
import { checksumOf } from "shared/codec/checksum.ts";
import { assertWithin, type ByteRange, type ObjectInfo, type RequestOptions, type Store } from "./store.ts";
import { heldFile, PARTIAL, putFile, putFilePieces, removePartialsBelow, removePartialsOf } from "./partial_files.ts";
import { filePath } from "./url.ts";

/** Held by whoever swaps an object of the folder. */
const LOCK = `lock${PARTIAL}`;

const WHOLE: ByteRange = { offset: 0, length: Infinity };

/** Opens the folder that a path or a `file:` URL names; it need not exist yet. */
export function fileStore(url: string): Store {
  const root = filePath(url);
  const pathOf = (key: string) => join(root, ...key.split("/"));
  return {
    url: root,
    place: (key = "") => placeOf(pathOf(key)),
    get: (key, options) => reading(pathOf(key), () => readRange(pathOf(key), WHOLE, options)),
    getRange: (key, range, options) => reading(pathOf(key), () => readRange(pathOf(key), range, options)),
    head: (key) =>
      reading(pathOf(key), async () => {
        const found = await Deno.lstat(pathOf(key)).catch(ignoreMissingError);
        const state = found?.isSymlink ? await Deno.stat(pathOf(key)) : found;
        return state?.isFile ? stateOf(state) : undefined;
      }),
    put: (key, bytes, options = {}) => writing(pathOf(key), () => putFile(pathOf(key), bytes, options)),
    putPieces: (key, pieces) => writing(pathOf(key), () => putFilePieces(pathOf(key), pieces)),
    getTagged: (key, options) =>
      reading(pathOf(key), async () => {
        const bytes = await readRange(pathOf(key), WHOLE, options);
        return { bytes, tag: tagOf(bytes) };
      }),
    swap: (key, bytes, expected) =>
      writing(pathOf(key), () => locked(dirname(pathOf(key)), () => swapFile(pathOf(key), bytes, expected))),
    list: (prefix) => walk(root, prefix),
    listNames: (prefix) => namesIn(join(root, ...prefix.split("/"))),
    delete: (key) => writing(pathOf(key), () => ignoreMissing(Deno.remove(pathOf(key)))),
    deleteAll: (prefix) => deletePrefix(root, prefix),
    deletePartials: (key) =>
      writing(pathOf(key), () => key === "" ? removePartialsBelow(root) : removePartialsOf(pathOf(key))),
  };
}

function stateOf({ size, mtime, ino }: Deno.FileInfo): ObjectInfo {
  const modifiedMs = mtime?.getTime();
  return {
    size,
    etag: `${size}-${modifiedMs ?? 0}`,
    ...(ino === null ? {} : { inode: ino }),
    ...(modifiedMs === undefined ? {} : { modifiedMs }),
    answeredMs: Date.now(),
  };
}

async function readRange(path: string, range: ByteRange, { seen, maxBytes }: RequestOptions = {}): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const found = await file.stat();
  seen?.(stateOf(found));
  const { size } = found;
  const offset = "suffixLength" in range ? Math.max(0, size - range.suffixLength) : Math.min(range.offset, size);
  assertWithin(range === WHOLE ? size : 0, maxBytes, path);
  const bytes = takeBytes(Math.min("suffixLength" in range ? range.suffixLength : range.length, size - offset));
  if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) return bytes.subarray(0, filled);
    filled += count;
  }
  return bytes;
}

async function swapFile(path: string, bytes: Uint8Array, expected: string | undefined): Promise<string | undefined> {
  const there = await reading(path, () => readRange(path, WHOLE));
  if ((there && tagOf(there)) !== expected) return undefined;
  await putFile(path, bytes);
  return tagOf(bytes);
}

/** Bytes that are the same are the same state: times of files are too coarse to tell two writes apart. */
function tagOf(bytes: Uint8Array): string {
  return checksumOf("md5", bytes);
}

/** The last of this process to ask for the lock of each folder: waiting here takes no thread, as waiting for the file does. */
const queues = new Map<string, Promise<unknown>>();

/** Calls `f` while no other call of this process or another one on this folder runs; a process that dies lets go. */
async function locked<T>(folder: string, f: () => Promise<T>): Promise<T> {
  const before = queues.get(folder) ?? Promise.resolve();
  const turn = before.catch(() => {}).then(async () => {
    using _lock = await heldFile(join(folder, LOCK));
    return await f();
  });
  queues.set(folder, turn);
  try {
    return await turn;
  } finally {
    if (queues.get(folder) === turn) queues.delete(folder);
  }
}

async function* walk(root: string, prefix: string): AsyncGenerator<string> {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  for await (const name of namesIn(join(root, ...folder.split("/")))) {
    const key = folder + name;
    if (!name.endsWith("/")) {
      if (key.startsWith(prefix)) yield key;
    } else if (key.startsWith(prefix) || prefix.startsWith(key)) {
      yield* walk(root, prefix.startsWith(key) ? prefix : key);
    }
  }
}

async function* namesIn(path: string): AsyncGenerator<string> {
  try {
    for await (const entry of Deno.readDir(path)) {
      const isFolder = entry.isDirectory || (entry.isSymlink && (await Deno.stat(join(path, entry.name))).isDirectory);
      if (isFolder) yield `${entry.name}/`;
      else if (!entry.name.endsWith(PARTIAL)) yield entry.name;
    }
  } catch (error) {
    if (isMissing(error)) return;
    throw readError(path, error);
  }
}

/** A link inside the root is removed, never what it leads to; a root that is a link stays one, to an empty folder. */
async function deletePrefix(root: string, prefix: string): Promise<void> {
  if (prefix === "" || prefix.endsWith("/")) {
    const folder = join(root, ...prefix.split("/").filter((name) => name !== ""));
    return await writing(folder, () => ignoreMissing(prefix === "" ? removeRoot(root) : removeTree(folder)));
  }
  for await (const key of walk(root, prefix)) {
    const path = join(root, ...key.split("/"));
    await writing(path, () => ignoreMissing(Deno.remove(path)));
  }
}

async function removeRoot(root: string): Promise<void> {
  if (!(await Deno.lstat(root)).isSymlink) return await removeTree(root);
  for await (const { name } of Deno.readDir(root)) await removeTree(join(root, name));
}

async function removeTree(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true });
}

/** How many links may lead to a place, as on Linux. */
const MAX_LINKS = 40;

/** The real path of the longest part of `path` that exists, and the rest as it is spelled; links that lead nowhere are followed. */
async function placeOf(path: string, links = 0): Promise<string> {
  const rest: string[] = [];
  for (let at = path;; at = dirname(at)) {
    const real = await Deno.realPath(at).catch((error) => {
      if (!isMissing(error)) throw readError(at, error);
    });
    if (real !== undefined) return `file:${[real === "/" ? "" : real, ...rest].join("/")}/`;
    const target = links < MAX_LINKS ? await Deno.readLink(at).catch(() => undefined) : undefined;
    if (target !== undefined) return await placeOf(join(resolve(dirname(at), target), ...rest), links + 1);
    rest.unshift(basename(at));
  }
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isMissing(error)) throw readError(path, error);
    const target = await lostTarget(path);
    if (target === undefined) return undefined;
    throw new ClearstackError("corrupt-data", `${path} is a link to ${target}, which does not exist: ${MEND_LINK}`);
  }
}

const MEND_LINK = "make what it leads to, or remove the link";

/** Where a link leads that leads nowhere; undefined for anything else. */
async function lostTarget(path: string): Promise<string | undefined> {
  const target = await Deno.readLink(path).catch(() => undefined);
  if (target === undefined) return undefined;
  return await Deno.stat(path).then(
    () => undefined,
    (error) => error instanceof Deno.errors.NotFound ? target : undefined,
  );
}

/** The nearest of a path and the folders around it that is a link which leads nowhere. */
async function lostLink(path: string): Promise<string | undefined> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const target = await lostTarget(at);
    if (target !== undefined) return `${at} is a link to ${target}, which does not exist: ${MEND_LINK}`;
  }
  return undefined;
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const inTheWay = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
    const reason = inTheWay ? await lostLink(path) ?? "a file stands where a folder is needed" : reasonOf(error);
    throw new ClearstackError("unwritable", `cannot write ${path}: ${reason}`, { cause: error });
  }
}

/** Also true where a folder stands in the object's place or a file in its folder's: neither is an object. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory;
}

function ignoreMissingError(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

async function ignoreMissing(removal: Promise<void>): Promise<void> {
  await removal.catch(ignoreMissingError);
}

function readError(path: string, error: unknown): unknown {
  if (error instanceof DOMException || error instanceof ClearstackError) return error;
  const denied = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
  const kind = denied ? "forbidden" : isImpossible(error) ? "invalid-request" : "store-unavailable";
  return new ClearstackError(kind, `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
}

/** True for names that no file can have, however often it is asked for: too long, or links in a circle. */
function isImpossible(error: unknown): boolean {
  return /\b(ENAMETOOLONG|ELOOP)\b/.test((error as { readonly code?: string }).code ?? "");
}

/** `Permission denied (os error 13): open '/x'` -> `permission denied`. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.split(/ \(os error|, (?:open|mkdir|rename|remove|read)/)[0]!;
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}
