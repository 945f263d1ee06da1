/**
 * Finds the page of an OME-TIFF that holds a plane: DimensionOrder, sizes and TiffData of the OME schema of June 2016.
 */
import type { Channel } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { omeXmlChannels } from "../ome/ome_channels.ts";
import type { Attributes, OmeTiffData, OmeXml } from "../ome/ome_xml.ts";

/** Axes that pages can lie along. */
export type PageAxis = "t" | "c" | "z";

/** The Pixels element of an OME-TIFF. */
interface OmePages {
  readonly pixels: Attributes;
  readonly lengths: Readonly<Record<PageAxis, number>>;
  /** The axis that changes from plane to plane first. */
  readonly order: readonly PageAxis[];
  /** Planes of the image. */
  readonly pages: number;
  /**
   * The page of each plane in the order of `order`; undefined where all lie in order.
   *
   * @throws {ClearstackError} `corrupt-data` where not all planes are placed
   */
  readonly pageTable: () => readonly number[] | undefined;
  readonly channels: readonly Channel[];
}

/**
 * Finds the planes of OME-XML of one image whose planes are all in this file.
 *
 * @throws {ClearstackError} `unsupported` for several images or files, `corrupt-data` where the XML contradicts itself
 */
export function omePages(xml: OmeXml, where: string): OmePages {
  refuseOthers(xml, where);
  const image = xml.images[0];
  if (image === undefined) throw new ClearstackError("corrupt-data", `${where} has OME-XML without Pixels`);
  const { pixels } = image;
  const size = (axis: string) => {
    const length = Number(pixels[`Size${axis}`] ?? 1);
    if (Number.isSafeInteger(length) && length > 0) return length;
    throw new ClearstackError("corrupt-data", `${where} has Size${axis}="${pixels[`Size${axis}`]}" in its OME-XML`);
  };
  const lengths = { t: size("T"), c: size("C"), z: size("Z") };
  const named = pixels.DimensionOrder ?? "XYCZT";
  const order = [...named.slice(2).toLowerCase()] as PageAxis[];
  if (!/^XY[CZT]{3}$/.test(named) || new Set(order).size !== 3) {
    throw new ClearstackError("corrupt-data", `${where} has the DimensionOrder ${named}, which is none of OME's`);
  }
  const pages = lengths.t * lengths.c * lengths.z;
  const pageTable = () => placePages(image.tiffData, { lengths, order, pages }, where);
  return { pixels, lengths, order, pages, pageTable, channels: omeXmlChannels(image.channels) };
}

function refuseOthers({ images, metadataFile }: OmeXml, where: string): void {
  const files = new Set(images.flatMap(({ tiffData }) => tiffData.flatMap(({ fileName }) => fileName ?? [])));
  const problem = files.size > 1
    ? `is a part of an OME-TIFF of ${files.size} files (${[...files].slice(0, 2).join(", ")}, ...)`
    : metadataFile !== undefined
    ? `is a part of an OME-TIFF whose metadata is in ${metadataFile}`
    : images.length > 1
    ? `is an OME-TIFF of ${images.length} images`
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
function placePages(
  elements: readonly OmeTiffData[],
  { lengths, order, pages }: Planes,
  where: string,
): number[] | undefined {
  if (elements.length === 0) return undefined;
  const table = new Map<number, number>();
  let steps = 0;
  for (const { attributes } of elements) {
    const number = (name: string, otherwise: number) => {
      const value = Number(attributes[name] ?? otherwise);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw new ClearstackError("corrupt-data", `${where} has TiffData with ${name}="${attributes[name]}"`);
    };
    const page = number("IFD", 0);
    const count = number("PlaneCount", attributes.IFD === undefined ? pages : 1);
    const first = { t: number("FirstT", 0), c: number("FirstC", 0), z: number("FirstZ", 0) };
    const start = planeAt(first, { lengths, order });
    steps += Math.max(0, Math.min(count, pages - start));
    // Elements that place all planes again and again would take time without end.
    if (steps > 2 * pages) throw new ClearstackError("corrupt-data", `${where} has OME-XML that places planes twice`);
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
