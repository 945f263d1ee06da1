/** Tells of folders that an output makes: one that is not there is often a name that was mistyped. */
import { dirname } from "@std/path";
import { filePath, schemeOf } from "shared/storage/url.ts";
import type { Io } from "./io.ts";

/** Says in one line which folder the output will be the first in; nothing of stores that have no folders. */
export async function noteNewFolders(output: string, { err }: Pick<Io, "err">): Promise<void> {
  if (schemeOf(output) !== "file") return;
  let missing: string | undefined;
  for (let folder = dirname(filePath(output)); !await isThere(folder); folder = dirname(folder)) missing ??= folder;
  if (missing !== undefined) err(`note: the folder ${missing} does not exist and is made for the output\n`);
}

async function isThere(folder: string): Promise<boolean> {
  try {
    await Deno.stat(folder);
    return true;
  } catch (error) {
    // What cannot be looked at is left to whoever writes.
    return !(error instanceof Deno.errors.NotFound);
  }
}
