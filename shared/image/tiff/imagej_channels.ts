/**
 * Names and colors of channels from ImageJ's own tags (getMetaData in ij/io/TiffDecoder.java). They are for people and viewers:
 * what cannot be understood is left out.
 */
import type { Channel } from "shared/contract/image_info.ts";
import { hexColor } from "../ome/ome_channels.ts";

/** The tags: lengths of a header and of entries, and these one after the other. */
export const IMAGEJ_LENGTHS_TAG = 50838;
export const IMAGEJ_METADATA_TAG = 50839;

/** Kinds of entries, four letters as a number. */
export const IMAGEJ_KINDS = { info: 0x696e666f, labels: 0x6c61626c, ranges: 0x72616e67, tables: 0x6c757473 } as const;

/** A color table: 256 values of red, then of green, then of blue. */
export const TABLE_BYTES = 768;

interface ImageJTags {
  readonly lengths: readonly number[];
  readonly metadata: Uint8Array;
  readonly littleEndian: boolean;
  /** Channels of the image, which change from page to page first. */
  readonly channels: number;
}

/** One entry for each channel: the label that all its pages share, and the brightest color of its table. */
export function imageJChannels(tags: ImageJTags): Channel[] {
  const { littleEndian, channels } = tags;
  const entries = entriesOf(tags);
  const text = new TextDecoder(littleEndian ? "utf-16le" : "utf-16be");
  const labels = (entries.get(IMAGEJ_KINDS.labels) ?? []).map((bytes) => text.decode(bytes).trim());
  const tables = entries.get(IMAGEJ_KINDS.tables) ?? [];
  const names = Array.from({ length: channels }, (_, channel) => {
    const [first, ...others] = labels.filter((_, page) => page % channels === channel);
    return first !== undefined && others.every((label) => label === first) ? first : "";
  });
  const telling = new Set(names).size === channels && labels.length >= channels;
  return names.map((name, channel) => ({
    ...(telling && name !== "" ? { name } : {}),
    ...colorOf(tables[channel]),
  }));
}

/** Entries by their kind. The header lists kinds and how many of each follow; the first of all lengths is its own. */
function entriesOf({ lengths, metadata, littleEndian }: ImageJTags): Map<number, Uint8Array[]> {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  const entries = new Map<number, Uint8Array[]>();
  const headerBytes = Math.min(lengths[0] ?? 0, metadata.length);
  let [next, at] = [1, headerBytes];
  for (let pair = 4; pair + 8 <= headerBytes; pair += 8) {
    const kind = view.getUint32(pair, littleEndian);
    const count = view.getUint32(pair + 4, littleEndian);
    for (let i = 0; i < count && next < lengths.length; i++) {
      const end = at + lengths[next++]!;
      if (end > metadata.length) return entries;
      entries.set(kind, [...entries.get(kind) ?? [], metadata.subarray(at, end)]);
      at = end;
    }
  }
  return entries;
}

/** Black is the end of a table that was turned round, and no color of a channel. */
function colorOf(table: Uint8Array | undefined): Pick<Channel, "color"> {
  if (table?.length !== TABLE_BYTES) return {};
  const [red, green, blue] = [table[255]!, table[511]!, table[767]!];
  const rgb = red << 16 | green << 8 | blue;
  return rgb === 0 ? {} : { color: hexColor(rgb).toUpperCase() };
}
