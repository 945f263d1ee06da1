/**
 * A directory of a TIFF as it lies in the file, checked before the TIFF library is shown it: that library follows any chain and
 * makes room for any count.
 */
import { ClearstackError } from "shared/errors.ts";
import type { ReadBytes } from "shared/storage/block_reader.ts";

/** Form of a file, from its header. */
export interface TiffForm {
  /** For messages. */
  readonly where: string;
  readonly readBytes: ReadBytes;
  readonly fileBytes: number;
  readonly littleEndian: boolean;
  /** True for offsets of 64 bits. */
  readonly bigTiff: boolean;
}

/** An entry of a directory. */
interface TiffEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** First byte of its value in the file, and its length. */
  readonly offset: number;
  readonly length: number;
  /** Its first value, where that is a whole number that stands in the entry itself. */
  readonly first?: number;
}

/** A directory. */
export interface TiffDirectory {
  readonly offset: number;
  /** Offset of the next one; 0 after the last. */
  readonly next: number;
  /** In their order; a tag may come more than once. */
  readonly entries: readonly TiffEntry[];
}

/** Bytes of a value by the type of its field; types that are not known are left to the TIFF library to refuse. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** Bytes that most directories fit in. */
const USUAL_BYTES = 512;

/** Entries of a directory; the classic form has 16 bits for their number. */
const MAX_ENTRIES = 2 ** 16 - 1;

/**
 * Reads the directory at an offset.
 *
 * @throws {ClearstackError} `corrupt-data` where it does not lie in the file, or has values that cannot
 */
export async function readDirectory(
  form: TiffForm,
  offset: number,
  signal?: AbortSignal,
): Promise<TiffDirectory> {
  const { readBytes, bigTiff, littleEndian, fileBytes, where } = form;
  const [countBytes, entryBytes, offsetBytes] = bigTiff ? [8, 20, 8] : [2, 12, 4];
  const start = await readBytes(offset, USUAL_BYTES, signal);
  const count = start.length < countBytes ? 0 : numberIn(viewOf(start), 0, countBytes, littleEndian);
  if (count === 0 || count > MAX_ENTRIES) {
    throw damaged(where, `the directory at byte ${offset} has ${count} entries`);
  }
  const length = countBytes + count * entryBytes + offsetBytes;
  const bytes = start.length >= length ? start : await readBytes(offset, length, signal);
  if (bytes.length < length) {
    throw damaged(where, `it ends before the ${length} bytes of a directory at byte ${offset}`);
  }
  const view = viewOf(bytes);
  const at = (position: number, size: number) => numberIn(view, position, size, littleEndian);
  const entries = Array.from({ length: count }, (_, index): TiffEntry => {
    const place = countBytes + index * entryBytes;
    const value = place + 4 + offsetBytes;
    const [tag, type, items] = [at(place, 2), at(place + 2, 2), at(place + 4, offsetBytes)];
    const size = items * (TYPE_BYTES[type] ?? 1);
    if (size > fileBytes) throw damaged(where, `tag ${tag} of the directory at byte ${offset} has ${items} values`);
    const entry = { tag, type, count: items, length: size };
    if (size > offsetBytes) return { ...entry, offset: at(value, offsetBytes) };
    const integer = items > 0 && [1, 3, 4].includes(type);
    return { ...entry, offset: offset + value, ...(integer ? { first: at(value, TYPE_BYTES[type]!) } : {}) };
  });
  return { offset, entries, next: at(length - offsetBytes, offsetBytes) };
}

/** The bytes of an entry's value. */
export async function entryBytes(form: TiffForm, { tag, offset, length }: TiffEntry): Promise<Uint8Array> {
  const bytes = await form.readBytes(offset, length);
  if (bytes.length === length) return bytes;
  throw damaged(form.where, `it ends before the ${length} bytes of tag ${tag} at byte ${offset}`);
}

/** A tag of one whole number; undefined where the directory has none. */
export function integerTag({ entries }: TiffDirectory, tag: number): number | undefined {
  return entries.find((entry) => entry.tag === tag)?.first;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function numberIn(view: DataView, at: number, bytes: number, littleEndian: boolean): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, littleEndian);
  return bytes === 4 ? view.getUint32(at, littleEndian) : Number(view.getBigUint64(at, littleEndian));
}

function damaged(where: string, what: string): ClearstackError {
  return new ClearstackError("corrupt-data", `${where} cannot be read as TIFF: ${what}`);
}
