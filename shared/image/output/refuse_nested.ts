/** Keeps outputs out of other outputs, whose readers would find them and whose removal would take them along. */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { canonicalUrl, schemeOf } from "shared/storage/url.ts";
import { JOB_KEY } from "./output_layout.ts";

/** Each is asked for; nobody needs so many. */
const MAX_FOLDERS = 64;

/**
 * Refuses a place below that of another output, also where the latter is none that a caller may name.
 *
 * @throws {ClearstackError} `conflict`; `invalid-request` for a place in more than 64 folders
 */
export async function refuseNested(output: Store, environment: StoreEnvironment): Promise<void> {
  const { url } = output;
  // Links are followed: the way that names show is not the way that files lie.
  const isFile = schemeOf(url) === "file";
  const folders = foldersAround(isFile ? (await output.place()).slice("file:".length) : canonicalUrl(url));
  if (folders.length > MAX_FOLDERS) {
    throw new ClearstackError(
      "invalid-request",
      `the output lies in ${folders.length} folders: choose a shorter path`,
      {
        ...{ path: "output.url", value: url, need: folders.length, limit: MAX_FOLDERS },
      },
    );
  }
  for (const folder of folders) {
    if (!await holdsOutput(folder, environment)) continue;
    throw new ClearstackError("conflict", `${url} lies inside another output; choose a place outside of it`, {
      path: "output.url",
      value: url,
    });
  }
}

/** URLs or paths around one, the nearest first. */
function foldersAround(url: string): string[] {
  const folders: string[] = [];
  for (let at = url.replace(/\/+$/, "");;) {
    at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
    // What is left is a scheme, or the root of all files.
    if (at === "" || at.endsWith("/")) return folders;
    folders.push(at);
  }
}

async function holdsOutput(url: string, { refusal: _, ...environment }: StoreEnvironment): Promise<boolean> {
  try {
    return await openReadable(url, { environment }).head(JOB_KEY) !== undefined;
  } catch (error) {
    // Nothing of ours was ever written where this process may not go.
    if (isClearstackError(error, "forbidden")) return false;
    throw error;
  }
}
