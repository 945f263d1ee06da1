/**
 * OME-TIFF: finds the page that holds a plane, in this file or another, by DimensionOrder, sizes and TiffData of the OME schema of
 * June 2016.
 */
import { ClearstackError } from "shared/errors.ts";
import { fullUnitName } from "../../axes.ts";
import { omeObjective } from "../../ome/ome_objective.ts";
import { omeXmlChannels } from "../../ome/ome_channels.ts";
import type { OmeTiffData, OmeXml, OmeXmlImage } from "../../ome/ome_xml.ts";
import {
  type PageAxis,
  type PageLengths,
  planeAt,
  type PlanePlace,
  spacingOf,
  type TiffDescription,
} from "./description.ts";

/** The file that the metadata are read for. */
interface OmeFile {
  /** For messages. */
  readonly where: string;
  /** Name of the file in its folder. */
  readonly name: string;
  /** Number of the image that is asked for; undefined for the only one. */
  readonly image?: number | undefined;
}

/** Planes that a table of places is made of. */
const MAX_PLACES = 2 ** 20;

/** Names that a message lists before it leaves the rest out. */
const MAX_LISTED = 8;

/**
 * Describes one of the images of OME-XML: the one that is asked for, the only one, or the only one with planes in this file.
 *
 * @throws {ClearstackError} `invalid-request` where there are several to choose from, `corrupt-data` where the XML contradicts itself
 */
export function describeOme(xml: OmeXml, file: OmeFile): TiffDescription {
  const { where } = file;
  const image = chooseImage(xml, file);
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
  // The schema's default unit of physical sizes is the micrometre, of times the second.
  const physical = (axis: "X" | "Y" | "Z") =>
    spacingOf(
      pixels[`PhysicalSize${axis}`],
      `PhysicalSize${axis}`,
      fullUnitName(pixels[`PhysicalSize${axis}Unit`] ?? "um"),
    );
  const own = ownFile(xml, image, file);
  const severalFiles = image.tiffData.some((element) => !own(element));
  const planes = { lengths, order, pages: lengths.t * lengths.c * lengths.z };
  return {
    ...planes,
    names: "stated",
    outer: [],
    ...(image.tiffData.length === 0
      ? {}
      : { placePlanes: () => placePlanes(image.tiffData, { ...planes, own, where }) }),
    severalFiles,
    severalImages: xml.images.length > 1,
    contiguous: false,
    spacing: {
      x: physical("X"),
      y: physical("Y"),
      z: physical("Z"),
      t: spacingOf(pixels.TimeIncrement, "TimeIncrement", fullUnitName(pixels.TimeIncrementUnit ?? "s")),
    },
    channels: omeXmlChannels(image.channels),
    ...omeObjective(image.objective),
  };
}

function chooseImage(xml: OmeXml, file: OmeFile): OmeXmlImage {
  const { images } = xml;
  const { where, image } = file;
  if (images.length === 0) throw new ClearstackError("corrupt-data", `${where} has OME-XML without Pixels`);
  const known = () =>
    images.slice(0, MAX_LISTED).map(({ name }, index) => name === "" ? `${index}` : `${index} ${name}`).join(", ") +
    (images.length > MAX_LISTED ? ", ..." : "");
  if (image !== undefined) {
    if (images[image] !== undefined) return images[image];
    throw new ClearstackError("not-found", `${where} has no image ${image}: choose from ${known()}`);
  }
  if (images.length === 1) return images[0]!;
  // Of a set of files with one image each, every file has the metadata of all.
  const here = images.filter((one) => one.tiffData.some(ownFile(xml, one, file)));
  if (here.length === 1) return here[0]!;
  throw new ClearstackError(
    "invalid-request",
    `${where} is an OME-TIFF of ${images.length} images (${known()}); choose one with --path, for example --path 0`,
  );
}

/**
 * Tells elements of planes in this file from those of others. A file that was renamed is known by its UUID, or by being the only one
 * that is named.
 */
function ownFile(xml: OmeXml, image: OmeXmlImage, { name }: OmeFile): (element: OmeTiffData) => boolean {
  const images = xml.images.length === 1 ? [image] : xml.images;
  const files = new Set(images.flatMap(({ tiffData }) => tiffData.flatMap(({ fileName }) => fileName ?? [])));
  const isOnly = files.size <= 1 && !xml.isCompanion;
  return ({ fileName, uuid }) =>
    fileName === undefined || fileName === name || isOnly ||
    (uuid !== undefined && uuid === xml.uuid && !files.has(name));
}

interface Planes {
  readonly lengths: PageLengths;
  readonly order: readonly PageAxis[];
  readonly pages: number;
  readonly own: (element: OmeTiffData) => boolean;
  readonly where: string;
}

/** Follows the TiffData elements. */
function placePlanes(
  elements: readonly OmeTiffData[],
  { lengths, order, pages, own, where }: Planes,
): (PlanePlace | undefined)[] {
  if (!(pages <= MAX_PLACES)) {
    throw new ClearstackError(
      "unsupported",
      `${where} states ${pages} planes, more than the ${MAX_PLACES} that are read`,
      {
        value: pages,
        limit: MAX_PLACES,
      },
    );
  }
  const places = new Array<PlanePlace | undefined>(pages).fill(undefined);
  let steps = 0;
  for (const element of elements) {
    const { attributes } = element;
    const number = (name: string, otherwise: number) => {
      const value = Number(attributes[name] ?? otherwise);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw new ClearstackError("corrupt-data", `${where} has TiffData with ${name}="${attributes[name]}"`);
    };
    const page = number("IFD", 0);
    const count = number("PlaneCount", attributes.IFD === undefined ? pages : 1);
    const first = { t: number("FirstT", 0), c: number("FirstC", 0), z: number("FirstZ", 0) };
    const start = planeAt(first, { lengths, order });
    const placed = Math.max(0, Math.min(count, pages - start));
    // Elements that place all planes again and again would take time without end.
    steps += placed;
    if (steps > 2 * pages) throw new ClearstackError("corrupt-data", `${where} has OME-XML that places planes twice`);
    const file = own(element) ? {} : { file: element.fileName! };
    for (let i = 0; i < placed; i++) places[start + i] = { page: page + i, ...file };
  }
  return places;
}
