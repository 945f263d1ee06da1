/**
 * Objects as files below a folder. A write goes to a temporary name in the same folder and is renamed, so a process that
 * dies leaves either the old object or the new one under the final name.
 */
import { dirname, join } from "@std/path";
import { ClearstackError } from "../errors.ts";
import type { ByteRange, Store } from "./store.ts";
import { filePath } from "./url.ts";

/** Ending of the names under which unfinished writes live; listings leave them out. */
const PARTIAL = ".partial";

/** Opens the folder that a path or a `file:` URL names; it need not exist yet. */
export function fileStore(url: string): Store {
  const root = filePath(url);
  const pathOf = (key: string) => join(root, ...key.split("/"));
  return {
    url: root,
    writable: true,
    get: (key) => reading(pathOf(key), () => readRange(pathOf(key), { offset: 0, length: Infinity })),
    getRange: (key, range) => reading(pathOf(key), () => readRange(pathOf(key), range)),
    head: (key) =>
      reading(pathOf(key), async () => {
        const { size, mtime, isFile } = await Deno.stat(pathOf(key));
        return isFile ? { size, etag: `${size}-${mtime?.getTime() ?? 0}` } : undefined;
      }),
    put: (key, bytes, options = {}) =>
      writing(pathOf(key), () => putFile(pathOf(key), bytes, options.ifAbsent ?? false)),
    list: (prefix) => walk(root, prefix),
    listNames: (prefix) => namesIn(join(root, ...prefix.split("/"))),
    delete: (key) => writing(pathOf(key), () => ignoreMissing(Deno.remove(pathOf(key)))),
    deleteAll: (prefix) => deletePrefix(root, prefix),
  };
}

async function readRange(path: string, range: ByteRange): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const offset = "suffixLength" in range ? Math.max(0, size - range.suffixLength) : Math.min(range.offset, size);
  const bytes = new Uint8Array(Math.min("suffixLength" in range ? range.suffixLength : range.length, size - offset));
  await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) return bytes.subarray(0, filled);
    filled += count;
  }
  return bytes;
}

async function putFile(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}${PARTIAL}`;
  try {
    await Deno.writeFile(partial, bytes);
    if (!ifAbsent) {
      await Deno.rename(partial, path);
      return true;
    }
    // A hard link is the one call that both publishes the whole file and fails if the name is taken.
    await Deno.link(partial, path);
    await Deno.remove(partial);
    return true;
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    if (ifAbsent && error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
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

async function deletePrefix(root: string, prefix: string): Promise<void> {
  if (prefix === "" || prefix.endsWith("/")) {
    const folder = join(root, ...prefix.split("/"));
    return await writing(folder, () => ignoreMissing(Deno.remove(folder, { recursive: true })));
  }
  for await (const key of walk(root, prefix)) {
    const path = join(root, ...key.split("/"));
    await writing(path, () => ignoreMissing(Deno.remove(path)));
  }
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw readError(path, error);
  }
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const inTheWay = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
    const reason = inTheWay ? "a file stands where a folder is needed" : reasonOf(error);
    throw new ClearstackError("unwritable", `cannot write ${path}: ${reason}`, { cause: error });
  }
}

/** Also true where a folder stands in the object's place or a file in its folder's: neither is an object. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory;
}

async function ignoreMissing(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function readError(path: string, error: unknown): unknown {
  if (error instanceof DOMException) return error;
  const denied = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
  return new ClearstackError(denied ? "forbidden" : "store-unavailable", `cannot read ${path}: ${reasonOf(error)}`, {
    cause: error,
  });
}

/** `Permission denied (os error 13): open '/x'` -> `permission denied`. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.split(/ \(os error|, (?:open|mkdir|rename|remove|read)/)[0]!;
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}
