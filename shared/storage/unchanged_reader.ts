/** Reading the bytes of one object as it was when it was opened. */
import { isClearstackError } from "shared/errors.ts";
import { blockReader, type ReadBytes } from "./block_reader.ts";
import type { ObjectInfo, ReadableStore } from "./store.ts";
import { assertSameState, changed } from "./unchanged.ts";

/**
 * Makes a {@link ReadBytes} for the object `key`; what fits its state no more is refused as changed, not as damaged.
 *
 * @param where the object's name for messages
 * @param object its state when it was opened
 */
export function unchangedReader(
  store: ReadableStore,
  key: string,
  { where, object }: { readonly where: string; readonly object: ObjectInfo },
): ReadBytes {
  const seen = (state: ObjectInfo) => assertSameState(object, state, where);
  const readBytes = blockReader(store, key, { size: object.size, seen });
  return async (offset, length, signal) => {
    try {
      const bytes = await readBytes(offset, length, signal);
      if (bytes.length > 0 || length === 0 || offset >= object.size) return bytes;
      throw changed(where, "it is no longer there");
    } catch (error) {
      if (isClearstackError(error, "corrupt-data")) assertSameState(object, await store.head(key, { signal }), where);
      throw error;
    }
  };
}
