/** Keeps outputs apart from what they are made of: overwriting must never reach it, and no output may grow inside it. */
import { ClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { placesOverlap, redactUrl } from "shared/storage/url.ts";
import { LEVEL_0 } from "./output_layout.ts";

/** Something that an output is made of. */
export interface OutputInput {
  /** Such as `source`. */
  readonly role: string;
  readonly url: string;
  /** Array inside it that is read, which may be a link to another place. */
  readonly path?: string | undefined;
}

/**
 * Refuses an output that is one of its inputs, lies in one or around one. Places are compared, not spellings: links are followed.
 *
 * @throws {ClearstackError} `conflict`
 */
export async function refuseOverlap(
  output: Store,
  inputs: readonly OutputInput[],
  environment: StoreEnvironment,
): Promise<void> {
  const outputPlaces = await Promise.all(foldersOf(LEVEL_0).map((folder) => output.place(folder)));
  for (const { role, url, path = "" } of inputs) {
    const input = openReadable(url, { environment });
    for (const folder of foldersOf(path)) {
      const place = await input.place(folder);
      if (!outputPlaces.some((other) => placesOverlap(place, other))) continue;
      throw new ClearstackError("conflict", `the output would lie over the ${role} ${redactUrl(url)}; choose another`, {
        path: "output.url",
        value: output.url,
      });
    }
  }
}

/** Where a store, an array of it and its chunks lie, in versions 3 and 2; each may be a link to another place. */
function foldersOf(array: string): string[] {
  return ["", array, ...["c", "0"].map((chunks) => array === "" ? chunks : `${array}/${chunks}`)];
}
