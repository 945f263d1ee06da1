/** Gives files of the visitor's machine a place where the Worker reads them. */
import { ClearstackError } from "shared/errors.ts";
import type { DroppedFile } from "../preview/messages.ts";
import type { PreviewWorker } from "../preview/preview_worker.ts";

/** First bytes of a zip. */
const ZIP = [0x50, 0x4b, 0x03, 0x04];

let places = 0;

/**
 * Places files where the Worker finds them.
 *
 * @returns the URL of the image among them
 * @throws {ClearstackError} `unsupported` for two files of one usable name, of which one would be missing without a word
 */
export async function placeFiles(worker: PreviewWorker, files: readonly DroppedFile[]): Promise<string> {
  const place = `memory:files/${++places}`;
  const named = await Promise.all(files.map(async ({ key, file }) => ({ key: await usableKey(key, file), file })));
  refuseSame(files.map(({ key }, index) => [key, named[index]!.key]));
  await worker.call("place", { place, files: named });
  const tops = new Set(named.map(({ key }) => key.split("/")[0]!));
  // Several files are planes of one image, in a folder without a name.
  return tops.size === 1 ? `${place}/${[...tops][0]}` : place;
}

function refuseSame(keys: readonly (readonly [key: string, usable: string])[]): void {
  const taken = new Map<string, string>();
  for (const [key, usable] of keys) {
    const other = taken.get(usable);
    if (other !== undefined) {
      const what = `${other} and ${key} would both be called ${usable}`;
      throw new ClearstackError("unsupported", `${what}: rename one, or number them in letters and digits of ASCII`);
    }
    taken.set(usable, key);
  }
}

/** A path without characters that mean something in URLs; a zip is called one. */
async function usableKey(key: string, file: Blob): Promise<string> {
  const usable = key.replaceAll(/[^\w./-]+/g, "_");
  if (usable.includes("/") || /\.(zip|ozx)$/i.test(usable)) return usable;
  const start = new Uint8Array(await file.slice(0, ZIP.length).arrayBuffer());
  return ZIP.every((byte, index) => start[index] === byte) ? `${usable}.zip` : usable;
}
