/**
 * A flat space of named byte objects: a folder, a bucket, a web server, or memory. Keys are joined by `/`, have no leading
 * slash and no empty, `.` or `..` segment. Objects are replaced whole; a reader never sees half a write.
 */
import { ClearstackError } from "shared/errors.ts";
import type { Moved } from "./guard/patience.ts";

/** Range of bytes of an object: `length` bytes from `offset`, or its last `suffixLength` bytes. */
export type ByteRange =
  | { readonly offset: number; readonly length: number }
  | { readonly suffixLength: number };

/** Options of every request. */
export interface RequestOptions {
  /** Gives up as soon as it fires; the call then rejects with kind `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Told by stores that read over a network whenever something came, so that what is slow is not taken for what has stopped. */
  readonly moved?: Moved | undefined;
  /** Told which state of the object an answer is of, before its bytes are handed out; what it throws, the call rejects with. */
  readonly seen?: ((state: ObjectInfo) => void) | undefined;
  /** Most bytes that a whole object may have; a larger one is `unsupported`. @default {MAX_DOCUMENT_BYTES} */
  readonly maxBytes?: number | undefined;
}

/** Largest document that is read: metadata, records, settings. */
export const MAX_DOCUMENT_BYTES = 16 * 2 ** 20;

/** @throws {ClearstackError} `unsupported` for an object that is larger than its reader can take */
export function assertWithin(bytes: number, maxBytes: number | undefined, what: string): void {
  if (maxBytes === undefined || !(bytes > maxBytes)) return;
  throw new ClearstackError(
    "unsupported",
    `${what} has ${bytes} bytes or more, and at most ${maxBytes} are read of it`,
    {
      need: bytes,
      limit: maxBytes,
    },
  );
}

/** Options of `put`. */
export interface PutOptions extends RequestOptions {
  /** Writes only where nothing is. @default {false} */
  readonly ifAbsent?: boolean;
  /** Does not wait for the disk: a loss of power may leave no object, or one without its bytes. @default {false} */
  readonly mayBeLost?: boolean;
}

/** Facts that a store knows of an object without reading it. */
export interface ObjectInfo {
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the object does; absent where the store has no such thing. */
  readonly etag?: string;
  /** Number of the file in its file system; it may differ from machine to machine. */
  readonly inode?: number;
  /** Milliseconds since 1970, by the store's clock: of the last change, and of the answer. Absent where it does not tell. */
  readonly modifiedMs?: number;
  readonly answeredMs?: number;
}

/** An object and the mark of this state of it. */
export interface TaggedObject {
  readonly bytes: Uint8Array;
  /** Tag that {@link Store.swap} takes; it means something only to the store that it came from. */
  readonly tag: string;
}

/**
 * Named byte objects below one base URL, to read.
 *
 * `undefined` always means "no such object". Everything else that goes wrong throws a `ClearstackError`: `forbidden`,
 * `store-unavailable` (after retries), `corrupt-data` (fewer bytes than promised), `cancelled`.
 */
export interface ReadableStore {
  /** The base URL without user, password and query: fit for messages and provenance. */
  readonly url: string;
  /**
   * The place of the base URL, or of a key below it, however it is spelled: links followed, endpoint and bucket named. Ends in a
   * slash, so that one place lies in another where its name begins with the other's; see `placesOverlap`.
   */
  place(key?: string): Promise<string>;
  /** Reads a whole object. */
  get(key: string, options?: RequestOptions): Promise<Uint8Array | undefined>;
  /** Reads exactly the bytes of `range`; an object too short for it is `corrupt-data`. */
  getRange(key: string, range: ByteRange, options?: RequestOptions): Promise<Uint8Array | undefined>;
  /** Size and entity tag. */
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined>;
  /** What is odd about how the store tells that something is missing, where it is; for messages. */
  readonly hint?: (() => string | undefined) | undefined;
  /** All keys that start with `prefix`, in no particular order. */
  list(prefix: string, options?: RequestOptions): AsyncIterable<string>;
  /** Names directly below the folder `prefix` (`""` or ending in `/`); names of folders end in `/`. */
  listNames(prefix: string, options?: RequestOptions): AsyncIterable<string>;
}

/** Options of {@link Store.putPieces}. */
interface PutPiecesOptions extends Pick<RequestOptions, "signal"> {
  /** Of all pieces together. */
  readonly totalBytes: number;
}

/** A store that can be written, too; what cannot be throws `unwritable`. */
export interface Store extends ReadableStore {
  /**
   * Writes a whole object, atomically.
   *
   * @returns false if `ifAbsent` was asked for and the object is already there, else true
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean>;
  /**
   * Writes a whole object piece by piece; it appears, atomically, with its last byte. What fails half way leaves nothing to readers,
   * and is begun anew by the caller, who alone can make the pieces again.
   */
  putPieces(key: string, pieces: AsyncIterable<Uint8Array>, options: PutPiecesOptions): Promise<void>;
  /** Reads a whole object for a later {@link Store.swap}. */
  getTagged(key: string, options?: RequestOptions): Promise<TaggedObject | undefined>;
  /**
   * Writes a whole object, atomically, if nobody else has since its tag was taken: of any number of writers that know the same
   * tag, one succeeds. Objects that are swapped are written in no other way.
   *
   * @param expected tag of the object as it was read or written; undefined if it was not there
   * @returns the tag of what was written; undefined, with nothing written, if the object is not as expected any more
   */
  swap(
    key: string,
    bytes: Uint8Array,
    expected: string | undefined,
    options?: RequestOptions,
  ): Promise<string | undefined>;
  /** Removes an object; an absent one is no error. */
  delete(key: string): Promise<void>;
  /** Removes every object whose key starts with `prefix`. */
  deleteAll(prefix: string): Promise<void>;
  /**
   * Removes what writers have left of an object that died while they wrote it, or of all objects where the key is `""`; what is being
   * written stays. Absent where nothing is left.
   */
  deletePartials?: ((key: string) => Promise<void>) | undefined;
}

/** The bytes of a range, or as many of them as there are. A view, not a copy. */
export function sliceRange(bytes: Uint8Array, range: ByteRange): Uint8Array {
  return "suffixLength" in range
    ? bytes.subarray(Math.max(0, bytes.length - range.suffixLength))
    : bytes.subarray(range.offset, range.offset + range.length);
}

/** The beginning of the keys below a key: the key and a slash, or nothing. */
export function folderOf(key = ""): string {
  return key === "" ? "" : `${key}/`;
}
