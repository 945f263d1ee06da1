/**
 * Parses what the ImageDescription of a TIFF says of its pages: ImageJ's lines, OME-XML, or the shape that tifffile notes.
 */
import type { Channel } from "shared/contract/image_info.ts";
import { fullUnitName } from "../axes.ts";
import { parseOmeXml } from "../ome/ome_xml.ts";
import { omePages, type PageAxis } from "./ome_tiff_pages.ts";
import type { RequestOptions } from "shared/storage/store.ts";

/** Facts of the pages of a TIFF; absent where the description is silent. */
export interface TiffDescription {
  /** Pages there should be. */
  readonly pages?: number;
  /** Pages along each axis. */
  readonly lengths: Readonly<Record<PageAxis, number>>;
  /** Axes of the pages, the one that changes from page to page first. */
  readonly order: readonly PageAxis[];
  /**
   * Trust in the axes: `stated`; `doubtful` where writers that know no axes fill in the same words;
   * `unnamed` where lengths are known and names are not.
   */
  readonly names: "stated" | "doubtful" | "unnamed";
  /** Lengths along axes without names, outermost first, where `names` is `unnamed`. */
  readonly outer: readonly number[];
  /**
   * The page in the file of each page in the order of `order`, where it is not the same; made once there are known to be as many.
   *
   * @throws {ClearstackError} `corrupt-data` where not all are placed
   */
  readonly pageTable?: () => readonly number[] | undefined;
  /** True if all pages may lie behind the first without directories of their own. */
  readonly contiguous: boolean;
  /** Distance of neighbours along each axis; absent for what is not stated. */
  readonly spacing: Readonly<Partial<Record<PageAxis | "y" | "x", number>>>;
  readonly units: Readonly<Partial<Record<PageAxis | "y" | "x", string>>>;
  /** True if the tags XResolution and YResolution count voxels per unit, as ImageJ writes them. */
  readonly resolutionInUnit: boolean;
  /** Absent where the description names none. */
  readonly channels?: readonly Channel[];
}

/** Characters within which OME-XML has its root, behind a declaration and a comment. */
const OME_BEGINNING = 4096;

/**
 * Reads the description of the first page.
 *
 * @param where the file, for messages
 * @throws {ClearstackError} `unsupported` for an OME-TIFF of several files or images, `corrupt-data`
 */
export async function parseTiffDescription(
  description: string,
  where: string,
  options: RequestOptions = {},
): Promise<TiffDescription> {
  const text = description.replace(/\0[^]*$/, "");
  if (text.startsWith("ImageJ=")) return parseImageJ(text);
  if (/<(\w+:)?OME\b/.test(text.slice(0, OME_BEGINNING))) return await parseOme(text, where, options);
  return parseShape(text);
}

function parseImageJ(text: string): TiffDescription {
  const field = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(text)?.[1]?.trim();
  const count = (name: string) => Number(field(name) ?? 1);
  const unit = fullUnitName(field("unit"));
  const framesPerSecond = positive(field("fps"));
  const pages = count("images");
  const lengths = { t: count("frames"), c: count("channels"), z: count("slices") };
  const silent = lengths.t * lengths.c * lengths.z === 1;
  const outer = Object.values(lengths).filter((length) => length > 1);
  return {
    pages,
    lengths: silent ? { ...lengths, z: pages } : lengths,
    order: ["c", "z", "t"],
    // Stacks of one long dimension are called channels or frames by many that mean z.
    names: outer.length === 1 && lengths.z === 1 ? "doubtful" : "stated",
    outer: [],
    contiguous: true,
    spacing: present({
      z: positive(field("spacing")),
      t: positive(field("finterval")) ?? (framesPerSecond && 1 / framesPerSecond),
    }),
    units: present({ z: unit, y: unit, x: unit, t: fullUnitName(field("tunit") ?? "s") }),
    resolutionInUnit: unit !== undefined,
  };
}

async function parseOme(text: string, where: string, options: RequestOptions): Promise<TiffDescription> {
  const { pixels, lengths, order, pages, pageTable, channels } = omePages(
    await parseOmeXml(text, where, options),
    where,
  );
  const spacing = present({
    z: positive(pixels.PhysicalSizeZ),
    y: positive(pixels.PhysicalSizeY),
    x: positive(pixels.PhysicalSizeX),
    t: positive(pixels.TimeIncrement),
  });
  // The schema's default unit of physical sizes is the micrometre, of times the second.
  const stated = spacing.z !== undefined || spacing.y !== undefined || spacing.x !== undefined;
  const length = (axis: "Z" | "Y" | "X") =>
    fullUnitName(pixels[`PhysicalSize${axis}Unit`] ?? (stated ? "um" : undefined));
  const time = fullUnitName(pixels.TimeIncrementUnit ?? "s");
  return {
    pages,
    lengths,
    order,
    names: "stated",
    outer: [],
    pageTable,
    contiguous: false,
    spacing,
    units: present({ z: length("Z"), y: length("Y"), x: length("X"), t: time }),
    resolutionInUnit: false,
    channels,
  };
}

/** The line `{"shape": [2, 5, 9, 9], "axes": "CZYX"}`; of any other text no more than that it says nothing. */
function parseShape(text: string): TiffDescription {
  const shape = /"shape": \[([\d, ]+)\]/.exec(text)?.[1]?.split(",").map(Number) ?? [];
  const outer = text.startsWith("{") ? shape.slice(0, -2) : [];
  const axes = /"axes": "([A-Z]+)"/.exec(text)?.[1]?.toLowerCase().slice(0, -2) ?? "";
  const named = outer.length > 0 && axes.length === outer.length && /^t?c?z?$/.test(axes);
  const length = (axis: PageAxis) => named && axes.includes(axis) ? outer[axes.indexOf(axis)]! : 1;
  const pages = outer.reduce((product, side) => product * side, 1);
  return {
    // A file of several series states the shape of its first; pages that differ are refused when they are met.
    ...(pages > 1 ? { pages } : {}),
    lengths: { t: length("t"), c: length("c"), z: length("z") },
    order: ["z", "c", "t"],
    names: named ? "stated" : "unnamed",
    outer: named ? [] : outer,
    contiguous: text.includes('"truncated": true'),
    spacing: {},
    units: {},
    resolutionInUnit: false,
  };
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}

/** Without what is undefined. */
function present<K extends string, V>(values: Record<K, V | undefined>): Partial<Record<K, V>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Record<K, V>>;
}
