/**
 * Files while they are written: under a name of their own in the folder of the object, held until they are whole and get its name. A
 * writer that dies leaves such a file and lets go of it, so that it can be told from one that is still being written.
 */
import { basename, dirname, join } from "@std/path";
import type { PutOptions } from "./store.ts";

/** Ending of the names under which unfinished writes live; listings leave them out. */
export const PARTIAL = ".partial";

/** What stands before the ending where every write has a name of its own. */
const MARK = /\.[0-9a-f]{8}$/;

/**
 * Writes a file that appears whole. Its bytes are on the disk before it gets its name, unless they may be lost: else a record may
 * outlive a loss of power and the voxels that it stands for may not.
 *
 * @returns false if `ifAbsent` was asked for and there is something
 */
export async function putFile(
  path: string,
  bytes: Uint8Array,
  { ifAbsent = false, mayBeLost = false }: PutOptions = {},
): Promise<boolean> {
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}${PARTIAL}`;
  using file = await heldFile(partial);
  try {
    await writeAll(file, bytes);
    if (!mayBeLost) await file.syncData();
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

/** The same piece by piece. The unfinished file has one name: what a process that died has left is overwritten. */
export async function putFilePieces(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${path}${PARTIAL}`;
  // What a link of this name leads to is not ours to write over.
  if ((await Deno.lstat(partial).catch(() => undefined))?.isSymlink) await Deno.remove(partial);
  using file = await heldFile(partial);
  try {
    await file.truncate(0);
    for await (const piece of pieces) await writeAll(file, piece);
    await file.syncData();
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

/** A file that is held until it is closed. One that was removed or renamed while it was waited for holds nobody else off. */
export async function heldFile(path: string): Promise<Deno.FsFile> {
  for (;;) {
    const lock = await openToWrite(path);
    try {
      await lock.lock(true);
      const there = await Deno.stat(path).catch(() => undefined);
      if (there !== undefined && there.ino === (await lock.stat()).ino) return lock;
    } catch (error) {
      lock.close();
      throw error;
    }
    lock.close();
  }
}

/** Opens a file, which is made where it is not there; so are folders around it, which are looked for only then. */
async function openToWrite(path: string): Promise<Deno.FsFile> {
  const open = () => Deno.open(path, { create: true, write: true });
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(dirname(path), { recursive: true });
    return await open();
  }
}

/** Removes what writers of a file have left that died; what is still being written stays. */
export async function removePartialsOf(path: string): Promise<void> {
  const name = basename(path);
  await removePartials(dirname(path), (left) => left === name || (left.startsWith(`${name}.`) && MARK.test(left)));
}

/** The same for all files in a folder and below it. */
export async function removePartialsBelow(folder: string): Promise<void> {
  await removePartials(folder, (left) => MARK.test(left));
  for (const { name, isDirectory } of await entriesOf(folder)) {
    if (isDirectory) await removePartialsBelow(join(folder, name));
  }
}

/** @param isOurs by the name without the ending */
async function removePartials(folder: string, isOurs: (left: string) => boolean): Promise<void> {
  for (const { name, isFile } of await entriesOf(folder)) {
    if (!isFile || !name.endsWith(PARTIAL) || !isOurs(name.slice(0, -PARTIAL.length))) continue;
    await removeUnlessHeld(join(folder, name));
  }
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function removeUnlessHeld(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true });
    if (await file.tryLock(true)) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}
