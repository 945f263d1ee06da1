/**
 * Finds the page of an OME-TIFF that holds a plane: DimensionOrder, sizes and TiffData of the OME schema of June 2016.
 */
import type { Channel } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { omeXmlChannels } from "../ome/ome_channels.ts";

/** Axes that pages can lie along. */
export type PageAxis = "t" | "c" | "z";

/** The Pixels element of an OME-TIFF. */
export interface OmePages {
  /** Reads an attribute of the element. */
  readonly pixels: (name: string) => string | undefined;
  readonly lengths: Readonly<Record<PageAxis, number>>;
  /** The axis that changes from plane to plane first. */
  readonly order: readonly PageAxis[];
  /** Planes of the image. */
  readonly pages: number;
  /** The page of each plane in the order of `order`, where it is another. */
  readonly pageOf?: readonly number[];
  readonly channels: readonly Channel[];
}

/**
 * Reads OME-XML of one image whose planes are all in this file.
 *
 * @throws {ClearstackError} `unsupported` for several images or files, `corrupt-data` where the XML contradicts itself
 */
export function parseOmePages(text: string, where: string): OmePages {
  const xml = text.replace(/<!--[\s\S]*?-->/g, "").replace(/&#181;|&#x0*b5;/gi, "\u00b5");
  refuseOthers(xml, where);
  const tag = /<(?:\w+:)?Pixels\b[^>]*>/.exec(xml)?.[0];
  if (tag === undefined) throw new ClearstackError("corrupt-data", `${where} has OME-XML without Pixels`);
  const pixels = attributesOf(tag);
  const size = (axis: string) => Number(pixels(`Size${axis}`) ?? 1);
  const lengths = { t: size("T"), c: size("C"), z: size("Z") };
  const named = pixels("DimensionOrder") ?? "XYCZT";
  const order = [...named.slice(2).toLowerCase()] as PageAxis[];
  if (!/^XY[CZT]{3}$/.test(named) || new Set(order).size !== 3) {
    throw new ClearstackError("corrupt-data", `${where} has the DimensionOrder ${named}, which is none of OME's`);
  }
  const pages = lengths.t * lengths.c * lengths.z;
  const pageOf = pageTable(xml, { lengths, order, pages }, where);
  const channels = omeXmlChannels(xml, attributesOf);
  return { pixels, lengths, order, pages, channels, ...(pageOf === undefined ? {} : { pageOf }) };
}

function refuseOthers(xml: string, where: string): void {
  const files = new Set([...xml.matchAll(/<(?:\w+:)?UUID\b[^>]*\bFileName="([^"]*)"/g)].map(([, name]) => name!));
  const images = xml.match(/<(?:\w+:)?Pixels\b/g)?.length ?? 0;
  const problem = files.size > 1
    ? `is a part of an OME-TIFF of ${files.size} files (${[...files].slice(0, 2).join(", ")}, ...)`
    : /<(?:\w+:)?BinaryOnly\b/.test(xml)
    ? `is a part of an OME-TIFF whose metadata is in ${
      attributesOf(/<(?:\w+:)?BinaryOnly\b[^>]*>/.exec(xml)![0])("MetadataFile") ?? "another file"
    }`
    : images > 1
    ? `is an OME-TIFF of ${images} images`
    : undefined;
  if (problem === undefined) return;
  throw new ClearstackError("unsupported", `${where} ${problem}; store one image in one TIFF, or an OME-Zarr`);
}

interface Planes {
  readonly lengths: OmePages["lengths"];
  readonly order: OmePages["order"];
  readonly pages: number;
}

/** Follows the TiffData elements; undefined where there is none, or all planes lie in order. */
function pageTable(xml: string, { lengths, order, pages }: Planes, where: string): number[] | undefined {
  const elements = [...xml.matchAll(/<(?:\w+:)?TiffData\b[^>]*>/g)].map(([tag]) => attributesOf(tag));
  if (elements.length === 0 || !Number.isSafeInteger(pages)) return undefined;
  const table = new Map<number, number>();
  for (const attribute of elements) {
    const number = (name: string, otherwise: number) => Number(attribute(name) ?? otherwise);
    const page = number("IFD", 0);
    const count = number("PlaneCount", attribute("IFD") === undefined ? pages : 1);
    const first = { t: number("FirstT", 0), c: number("FirstC", 0), z: number("FirstZ", 0) };
    const start = planeAt(first, { lengths, order });
    for (let i = 0; i < Math.min(count, pages - start); i++) table.set(start + i, page + i);
  }
  if (table.size !== pages) {
    throw new ClearstackError(
      "corrupt-data",
      `${where} has OME-XML of ${pages} planes that places ${table.size} of them`,
    );
  }
  const placed = Array.from({ length: pages }, (_, plane) => table.get(plane)!);
  return placed.every((page, plane) => page === plane) ? undefined : placed;
}

/** The number of the plane at these indices, where the first of `order` changes from plane to plane. */
export function planeAt(
  at: Readonly<Record<PageAxis, number>>,
  { lengths, order }: Pick<OmePages, "lengths" | "order">,
): number {
  return order.toReversed().reduce((plane, axis) => plane * lengths[axis] + at[axis], 0);
}

function attributesOf(tag: string): (name: string) => string | undefined {
  return (name) =>
    new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag)?.slice(1).find((text) => text !== undefined);
}
