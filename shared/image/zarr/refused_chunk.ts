/** Explains chunks that a store refuses, since buckets that may not be listed refuse what is not there as well. */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { StoredChunks } from "./shard_reader.ts";

/**
 * The same chunks, where a refusal says what it may mean. It stays an error: a right that has ended in the middle of a job would
 * else make holes of the fill value.
 */
export function explainRefusals(chunks: StoredChunks): StoredChunks {
  return {
    read: (coords, options) => chunks.read(coords, options).catch(explain),
    isStored: (coords, options) => chunks.isStored(coords, options).catch(explain),
  };
}

function explain(error: unknown): never {
  if (!isClearstackError(error, "forbidden")) throw error;
  throw new ClearstackError(
    "forbidden",
    `${error.message}. The metadata of this array can be read, so the chunk may be one that is not stored: a bucket that ` +
      "may not be listed refuses those too. Get the right to list it (s3:ListBucket), or a copy that holds every chunk",
    { cause: error, path: error.path, value: error.value },
  );
}
