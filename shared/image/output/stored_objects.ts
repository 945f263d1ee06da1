/** What records know of the objects that they stand for, and whether these are still so. */
import { crc32 } from "node:zlib";
import type { StoredObjects } from "shared/contract/stored_array.ts";
import { ClearstackError, errorFields, isClearstackError } from "shared/errors.ts";
import type { RequestOptions, Store } from "shared/storage/store.ts";

/** The entry of an object with these bytes. */
export function objectEntry(bytes: Uint8Array): string {
  return `${bytes.length} ${crc32(bytes).toString(16).padStart(8, "0")}`;
}

/** Options of {@link objectDamage}. */
export interface VerifyOptions extends RequestOptions {
  /** Compares checksums, for which all objects are read, and not sizes alone. @default {false} */
  readonly verify?: boolean;
}

/** What is wrong with the first object that is not as it was written, in words; undefined if all are. */
export async function objectDamage(
  store: Store,
  objects: StoredObjects,
  { verify = false, signal }: VerifyOptions = {},
): Promise<string | undefined> {
  for (const [key, entry] of Object.entries(objects)) {
    const bytes = verify ? await store.get(key, { signal }) : undefined;
    const size = verify ? bytes?.length : (await store.head(key, { signal }))?.size;
    const stated = Number(entry.split(" ")[0]);
    if (size === undefined) return `${key} is missing`;
    if (size !== stated) return `${key} has ${size} bytes where ${stated} were written`;
    if (bytes !== undefined && objectEntry(bytes) !== entry) return `${key} has other bytes than were written`;
  }
  return undefined;
}

/** An error of reading what a job has stored itself, with what mends it: the next run of the job compares checksums. */
export function damagedOutput(thrown: unknown): unknown {
  if (!isClearstackError(thrown, "corrupt-data")) return thrown;
  const message = `${thrown.message}: it was damaged after this job wrote it; run the same job again to mend it`;
  return new ClearstackError("corrupt-data", message, { ...errorFields(thrown), cause: thrown });
}

/** Reads what a job has stored itself. */
export async function readOwn<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw damagedOutput(error);
  }
}
