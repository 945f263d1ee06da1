/**
 * Where everything lies in a TIFF 6.0 or BigTIFF of uncompressed pages of one strip each: header, values of tags, pixels page after
 * page, directories. All of it is known before the first pixel, so a file is written from its beginning to its end.
 */
import type { Dtype } from "shared/contract/image_info.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";

export const [ASCII, SHORT, LONG, RATIONAL, DOUBLE, LONG8] = [2, 3, 4, 5, 12, 16] as const;
export const BYTE = 1;

/** A tag of a directory: one whole number, or the bytes of `count` values. */
export type Tag = readonly [tag: number, type: number, count: number, value: number | Uint8Array];

/** Numerator and denominator, each below 2^32. */
export type Fraction = readonly [number, number];

/** Pages to lay out. */
interface TiffPages {
  readonly height: number;
  readonly width: number;
  readonly pages: number;
  readonly dtype: Dtype;
  /** ASCII. */
  readonly description: string;
  /** Voxels per unit. */
  readonly resolution?: { readonly x: Fraction; readonly y: Fraction } | undefined;
  /** Tags that the first page has besides. */
  readonly firstTags?: readonly Tag[] | undefined;
  readonly bigTiff: boolean;
}

/** A file but for its pixels, which lie between head and directories, page after page. */
export interface TiffLayout {
  readonly head: Uint8Array;
  /** Directories, many in a piece. */
  directories(): Generator<Uint8Array>;
  readonly totalBytes: number;
}

/** Directories that are made at once. */
const DIRECTORIES_AT_ONCE = 1024;

/** Pixels begin at a multiple of this, so that any type can be read in place. */
const ALIGNMENT = 16;

/** Sizes that differ between the two forms of TIFF, bytes. */
const CLASSIC = { header: 8, count: 2, entry: 12, pointer: 4 } as const;
const BIG = { header: 16, count: 8, entry: 20, pointer: 8 } as const;

/** Lays a file out; whether its bytes fit the form is the caller's to know. */
export function layOutTiff(pages: TiffPages): TiffLayout {
  const { bigTiff, height, width, dtype } = pages;
  const form = bigTiff ? BIG : CLASSIC;
  const pageBytes = height * width * dtypeBytes(dtype);
  const values: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let end: number = form.header;
  const placed = ([tag, type, count, value]: Tag): Tag => {
    if (typeof value === "number" || value.length <= form.pointer) return [tag, type, count, value];
    const at = roundUp(end, 8);
    values.push({ at, bytes: value });
    end = at + value.length;
    return [tag, type, count, at];
  };
  const common = commonTags(pages, pageBytes).map(placed);
  const first = (pages.firstTags ?? []).map(placed);
  const pixelsAt = roundUp(end, ALIGNMENT);
  const directoriesAt = roundUp(pixelsAt + pages.pages * pageBytes, 2);
  const entriesOf = (page: number): Tag[] => {
    const strip: Tag = [273, bigTiff ? LONG8 : LONG, 1, pixelsAt + page * pageBytes];
    return [...common, strip, ...(page === 0 ? first : [])].sort(([a], [b]) => a - b);
  };
  const bytesOf = (entries: number) => form.count + entries * form.entry + form.pointer;
  const [firstBytes, otherBytes] = [bytesOf(common.length + 1 + first.length), bytesOf(common.length + 1)];
  const placeOf = (page: number) => directoriesAt + (page === 0 ? 0 : firstBytes + (page - 1) * otherBytes);
  const head = new Uint8Array(pixelsAt);
  writeHeader(new DataView(head.buffer), bigTiff, directoriesAt);
  for (const { at, bytes } of values) head.set(bytes, at);
  return {
    head,
    totalBytes: placeOf(pages.pages),
    *directories() {
      const padding = directoriesAt - pixelsAt - pages.pages * pageBytes;
      if (padding > 0) yield new Uint8Array(padding);
      for (let from = 0; from < pages.pages; from += DIRECTORIES_AT_ONCE) {
        const to = Math.min(pages.pages, from + DIRECTORIES_AT_ONCE);
        const view = new DataView(new ArrayBuffer(placeOf(to) - placeOf(from)));
        for (let page = from; page < to; page++) {
          const next = page === pages.pages - 1 ? 0 : placeOf(page + 1);
          writeDirectory(view, placeOf(page) - placeOf(from), { entries: entriesOf(page), next, bigTiff });
        }
        yield new Uint8Array(view.buffer);
      }
    },
  };
}

/** Tags that all pages share; the place of the strip is each page's own. */
function commonTags({ height, width, dtype, description, resolution, bigTiff }: TiffPages, pageBytes: number): Tag[] {
  const text = new TextEncoder().encode(`${description}\0`);
  return [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 1, 8 * dtypeBytes(dtype)],
    [259, SHORT, 1, 1], // not compressed
    [262, SHORT, 1, 1], // 0 is black
    [270, ASCII, text.length, text],
    [277, SHORT, 1, 1],
    [278, LONG, 1, height],
    [279, bigTiff ? LONG8 : LONG, 1, pageBytes],
    ...(resolution === undefined ? [] : [
      [282, RATIONAL, 1, fractionBytes(resolution.x)],
      [283, RATIONAL, 1, fractionBytes(resolution.y)],
      [296, SHORT, 1, 1], // no unit of print
    ] as const),
    [339, SHORT, 1, dtype.startsWith("float") ? 3 : dtype.startsWith("int") ? 2 : 1],
  ];
}

function fractionBytes(fraction: Fraction): Uint8Array {
  return new Uint8Array(Uint32Array.from(fraction).buffer);
}

function writeHeader(view: DataView, bigTiff: boolean, directoriesAt: number): void {
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, bigTiff ? 43 : 42, true);
  if (!bigTiff) return view.setUint32(4, directoriesAt, true);
  view.setUint16(4, BIG.pointer, true);
  view.setBigUint64(8, BigInt(directoriesAt), true);
}

function writeDirectory(
  view: DataView,
  at: number,
  { entries, next, bigTiff }: { readonly entries: readonly Tag[]; readonly next: number; readonly bigTiff: boolean },
): void {
  const form = bigTiff ? BIG : CLASSIC;
  // Little-endian, so a shorter number stands in the first of a pointer's bytes.
  const pointer = (place: number, value: number) =>
    bigTiff ? view.setBigUint64(place, BigInt(value), true) : view.setUint32(place, value, true);
  if (bigTiff) pointer(at, entries.length);
  else view.setUint16(at, entries.length, true);
  entries.forEach(([tag, type, count, value], index) => {
    const entry = at + form.count + form.entry * index;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    pointer(entry + 4, count);
    if (typeof value === "number") pointer(entry + 4 + form.pointer, value);
    else new Uint8Array(view.buffer).set(value, entry + 4 + form.pointer);
  });
  pointer(at + form.count + form.entry * entries.length, next);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
