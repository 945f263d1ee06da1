/**
 * What the ImageDescription of a TIFF says of a stack: ImageJ's lines, OME-XML, or the shape that tifffile notes.
 */
import { fullUnitName } from "./axes.ts";

/** Facts of a stack of pages; absent where the description is silent. */
export interface TiffDescription {
  /** Pages there should be. */
  readonly pages?: number;
  /** Channels and time points among the pages; `planes` in z. */
  readonly planes: number;
  readonly channels: number;
  readonly frames: number;
  /** Distance of voxels in z, y, x; `undefined` for what is not stated. */
  readonly spacing: readonly (number | undefined)[];
  /** True if the tags XResolution and YResolution count voxels per {@link unit}, as ImageJ writes them. */
  readonly resolutionInUnit: boolean;
  readonly unit?: string;
}

/** Reads the description of the first page. */
export function parseTiffDescription(text: string): TiffDescription {
  if (text.startsWith("ImageJ=")) return parseImageJ(text);
  if (text.includes("<OME") && text.includes("<Pixels")) return parseOmeXml(text);
  const shape = /^\{"shape": \[([\d, ]+)\]/.exec(text)?.[1]?.split(",").map(Number);
  const outer = shape?.slice(0, -3).reduce((product, side) => product * side, 1) ?? 1;
  return { planes: shape?.at(-3) ?? 1, channels: outer, frames: 1, spacing: [], resolutionInUnit: false };
}

function parseImageJ(text: string): TiffDescription {
  const field = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(text)?.[1]?.trim();
  const count = (name: string) => Number(field(name) ?? 1);
  const spacing = positive(field("spacing"));
  const unit = fullUnitName(field("unit"));
  return {
    pages: count("images"),
    planes: count("slices"),
    channels: count("channels"),
    frames: count("frames"),
    spacing: [spacing],
    resolutionInUnit: unit !== undefined,
    ...(unit === undefined ? {} : { unit }),
  };
}

function parseOmeXml(text: string): TiffDescription {
  const pixels = /<Pixels\b[^>]*>/.exec(text)![0];
  const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(pixels)?.[1];
  const spacing = ["Z", "Y", "X"].map((axis) => positive(attribute(`PhysicalSize${axis}`))) as [
    number?,
    number?,
    number?,
  ];
  const stated = spacing.some((distance) => distance !== undefined);
  // The schema's default unit of physical sizes is the micrometre.
  const unit = fullUnitName(attribute("PhysicalSizeXUnit") ?? (stated ? "um" : undefined));
  return {
    planes: Number(attribute("SizeZ") ?? 1),
    channels: Number(attribute("SizeC") ?? 1),
    frames: Number(attribute("SizeT") ?? 1),
    spacing,
    resolutionInUnit: false,
    ...(unit === undefined ? {} : { unit }),
  };
}

function positive(text: string | undefined): number | undefined {
  return Number(text) > 0 ? Number(text) : undefined;
}
