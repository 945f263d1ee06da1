/** Which chunks of an array are stored at all: none of them means most often that they lie elsewhere or were not copied. */
import { stratifiedPicks } from "shared/decide/stratified.ts";
import { isClearstackError } from "shared/errors.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import { throwIfAborted } from "shared/process/unless_aborted.ts";
import { childKey, type ZarrNode } from "./zarr_node.ts";

/** Chunks that are looked for one by one where a store cannot be listed, and at the same time. */
const LOOKED_FOR = 64;
const AT_ONCE = 8;

/** Keys of an array that are listed before its chunks are looked for one by one. */
const MAX_LISTED = 1000;

/** What is known of the keys of an array. */
interface ArrayKeys {
  readonly path: string;
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  objectKey(coords: readonly number[]): string;
}

/** True if a chunk of the array is stored; also where there are so many that not all could be looked for. */
export async function hasStoredChunk(
  store: ReadableStore,
  { path, shape, chunkShape, objectKey }: ArrayKeys,
  options: RequestOptions,
): Promise<boolean> {
  const pattern = new RegExp(`^${objectKey(shape.map(() => 0)).replaceAll(".", "\\.").replace(/0/g, "\\d+")}$`);
  const listed = await keysBelow(store, path, pattern, options);
  if (listed !== undefined) return listed;
  const counts = shape.map((side, axis) => Math.ceil(side / chunkShape[axis]!));
  const total = counts.reduce((product, count) => product * count, 1);
  const picks = new Set([0, total - 1, ...stratifiedPicks(total, Math.min(total, LOOKED_FOR), { seed: 0, stream: 0 })]);
  const found = await mapLimited([...picks], AT_ONCE, (pick) => {
    const coords = counts.toReversed().map((count) => {
      const at = pick % count;
      pick = Math.floor(pick / count);
      return at;
    }).reverse();
    return isThere(store, childKey(path, objectKey(coords)), options);
  });
  return found.includes(true);
}

/** Whether a key below the array matches; undefined where that cannot be known by listing. */
async function keysBelow(
  store: ReadableStore,
  path: string,
  pattern: RegExp,
  options: RequestOptions,
): Promise<boolean | undefined> {
  const prefix = path === "" ? "" : `${path}/`;
  let count = 0;
  try {
    for await (const key of store.list(prefix, options)) {
      throwIfAborted(options.signal);
      if (pattern.test(key.slice(prefix.length))) return true;
      if (++count > MAX_LISTED) return undefined;
    }
    return false;
  } catch (error) {
    if (isClearstackError(error, "unsupported") || isClearstackError(error, "forbidden")) return undefined;
    throw error;
  }
}

/** A bucket that may not be listed refuses what is not there. */
async function isThere(store: ReadableStore, key: string, options: RequestOptions): Promise<boolean> {
  try {
    return await store.head(key, options) !== undefined;
  } catch (error) {
    if (isClearstackError(error, "forbidden")) return false;
    throw error;
  }
}

/**
 * The node of an array with the separator of its chunks' keys. Writers of Zarr v2 before it had the field `dimension_separator` left
 * it out of nested stores too; the first chunks tell which it is.
 */
export async function withSeparator(
  store: ReadableStore,
  node: ZarrNode,
  { path, ...options }: RequestOptions & { readonly path: string },
): Promise<ZarrNode> {
  const { document } = node;
  const isSilent = node.version === 2 && node.kind === "array" && document.dimension_separator === undefined;
  if (!isSilent || !Array.isArray(document.shape) || document.shape.length < 2) return node;
  const zeros = document.shape.map(() => 0);
  const isFirst = (separator: string) => isThere(store, childKey(path, zeros.join(separator)), options);
  const nested = new RegExp(`^\\d+(/\\d+){${zeros.length - 1}}$`);
  const isNested = !await isFirst(".") &&
    (await isFirst("/") || await keysBelow(store, path, nested, options) === true);
  return isNested ? { ...node, document: { ...document, dimension_separator: "/" } } : node;
}
