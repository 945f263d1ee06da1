/** Noticing that an object changed while it was read, so that no result is a mixture of two states of it. */
import { ClearstackError } from "shared/errors.ts";
import type { ObjectInfo, ReadableStore, RequestOptions } from "./store.ts";

/** Times of web servers and object stores are whole seconds, rounded in either way. */
const SECOND_MS = 1000;

/**
 * Compares two states of an object by all that both tell: size, entity tag, and on one machine the number of the file.
 *
 * @param what the object's name for messages
 * @throws {ClearstackError} `conflict` if they differ, or the object is gone
 */
export function assertSameState(before: ObjectInfo, now: ObjectInfo | undefined, what: string): void {
  if (now === undefined) throw changed(what, "it is no longer there");
  if (differ(before.size, now.size)) throw changed(what, `${before.size} bytes became ${now.size}`);
  if (differ(strongTag(before.etag), strongTag(now.etag)) || differ(before.inode, now.inode)) {
    throw changed(what, "it was written anew");
  }
}

/**
 * A store as it was at a time: reading an object that was written later is a `conflict`. So an image of many objects is read in one
 * state without asking for that of each.
 *
 * @param timeMs by the clock of the store, milliseconds since 1970; undefined for one that does not tell the time
 */
export function storeAsOf(store: ReadableStore, timeMs: number | undefined): ReadableStore {
  if (timeMs === undefined) return store;
  const dated = (key: string, options?: RequestOptions): RequestOptions => {
    return { ...options, seen: (state) => assertOlder(state, timeMs, `${store.url}/${key}`) };
  };
  return {
    ...store,
    get: (key, options) => store.get(key, dated(key, options)),
    getRange: (key, range, options) => store.getRange(key, range, dated(key, options)),
  };
}

function assertOlder({ modifiedMs = 0 }: ObjectInfo, plannedMs: number, what: string): void {
  const tolerance = modifiedMs % SECOND_MS === 0 ? SECOND_MS : 0;
  if (modifiedMs <= plannedMs + tolerance) return;
  const [written, planned] = [modifiedMs, plannedMs].map((time) => new Date(time).toISOString());
  throw changed(what, `it was written at ${written}, after the plan was made at ${planned}`);
}

/** The error of an object that is not what it was when the work on it was planned. */
export function changed(what: string, how: string): ClearstackError {
  return new ClearstackError(
    "conflict",
    `${what} changed since the job was planned: ${how}; leave it as it is, and start the job again with --overwrite`,
    { path: what },
  );
}

function differ<T>(before: T | undefined, now: T | undefined): boolean {
  return before !== undefined && now !== undefined && !Object.is(before, now) && !Number.isNaN(before) &&
    !Number.isNaN(now);
}

/** Some servers give a weak tag to one kind of answer, and the strong one to another. */
function strongTag(etag: string | undefined): string | undefined {
  return etag?.replace(/^W\//, "");
}
