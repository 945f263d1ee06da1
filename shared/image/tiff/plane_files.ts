/** The files that the planes of one image lie in: one, or several in one folder. */
import { ClearstackError } from "shared/errors.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { ObjectInfo, RequestOptions } from "shared/storage/store.ts";
import { assertSameState } from "shared/storage/unchanged.ts";
import type { StoreAccess, StoreEnvironment } from "shared/storage/store_environment.ts";
import { siblingName } from "./describe/describe_pages.ts";
import type { PlanePlace } from "./describe/description.ts";
import { decoding, openTiffFile, type TiffFile, type TiffPage } from "./tiff_file.ts";

/** Most files of an image, those that are kept open, and those that are asked for at the same time. */
const MAX_FILES = 20_000;
const FILES_KEPT = 32;
const AT_ONCE = 8;

/** A page and the file that it is in. */
export interface PlanePage extends TiffPage {
  readonly file: TiffFile;
  /** For messages. */
  readonly where: string;
}

interface PlaneFilesOptions {
  readonly urlOf: (name: string) => string;
  /** States of the other files when the image was opened, by their names: they are opened when they are needed. */
  readonly states: ReadonlyMap<string, ObjectInfo>;
  readonly environment: StoreEnvironment;
}

/** Makes what reads from the page at a place, in `own` or in a file that `urlOf` names. */
export function planeFiles(own: TiffFile, { urlOf, states, environment }: PlaneFilesOptions) {
  const opened = new RecentCache<string, TiffFile>(FILES_KEPT);
  return async <T>(
    { page: number, file: name }: PlanePlace,
    read: (page: PlanePage) => Promise<T>,
    { signal }: RequestOptions,
  ): Promise<T> => {
    const open = async (signal: AbortSignal) => {
      const file = await openTiffFile(urlOf(name!), { environment, signal });
      assertSameState(states.get(name!)!, file.object, file.where);
      return file;
    };
    const file = name === undefined ? own : await opened.get(name, open, signal);
    const where = `page ${number + 1} of ${file.where}`;
    return await decoding(where, () => file.withPage(number, (page) => read({ ...page, file, where }), { signal }));
  };
}

/**
 * Asks for the files beside a file.
 *
 * @returns those that are there, by their names
 * @throws {ClearstackError} `unsupported` for a name that leads out of the folder, or too many
 */
export async function presentFiles(
  places: readonly (PlanePlace | undefined)[],
  { base, where, environment, signal }: StoreAccess & { readonly base: string; readonly where: string },
): Promise<{ readonly present: ReadonlyMap<string, ObjectInfo>; readonly missing: readonly string[] }> {
  const names = [...new Set(places.flatMap((place) => place?.file ?? []))];
  const bad = names.find((name) => !siblingName(name));
  if (bad !== undefined) {
    throw new ClearstackError("unsupported", `${where} names the file ${JSON.stringify(bad)}, which is not beside it`);
  }
  if (names.length > MAX_FILES) {
    throw new ClearstackError(
      "unsupported",
      `${where} is of ${names.length} files, more than the ${MAX_FILES} that are read`,
    );
  }
  const store = openReadable(base, { environment });
  const found = await mapLimited(names, AT_ONCE, (name) => store.head(name, { signal }));
  return {
    present: new Map(names.flatMap((name, index) => found[index] === undefined ? [] : [[name, found[index]] as const])),
    missing: names.filter((_, index) => found[index] === undefined),
  };
}
