/** Reading one small file or object that a setting names. */
import { ClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreEnvironment } from "../store_environment.ts";
import { redactUrl, splitObject } from "../url.ts";

/**
 * The text of the file or object at a path or URL.
 *
 * @throws {ClearstackError} `not-found`, and what its store throws
 */
export async function readObjectText(url: string, environment: StoreEnvironment): Promise<string> {
  const { base, key } = splitObject(url);
  const bytes = await openReadable(base, { environment }).get(key);
  if (bytes === undefined) throw new ClearstackError("not-found", `there is no ${redactUrl(url)}`);
  return new TextDecoder().decode(bytes);
}
