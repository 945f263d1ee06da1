/** TIFFs of our own: ImageJ hyperstacks and OME-TIFFs, little-endian, uncompressed, one page and one strip for each plane. */
import type { Dtype } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { axesOf } from "../axes.ts";
import { MAX_DIRECTORIES } from "./tiff_file.ts";
import { axisOf, type Described, isCalibrated, lengthsOf, type ShownChannel } from "./write/described_image.ts";
import { fractionOf } from "./write/fraction.ts";
import { imageJDescription, imageJTags } from "./write/imagej_stack.ts";
import { ASCII, layOutTiff, type TiffLayout } from "./write/layout.ts";
import { OME_TYPES, omeDescription } from "./write/ome_description.ts";

/** A tag of the range that TIFF leaves to everybody: a record of where the voxels come from, as JSON. */
export const RECORD_TAG = 65_150;

/** A kind of TIFF. */
export interface TiffForm {
  readonly kind: "imagej" | "ome";
  readonly bigTiff: boolean;
}

/** An image to write. */
export interface WrittenImage {
  /** Type, axes, lengths and scale. */
  readonly info: Described;
  /** One for each channel. */
  readonly channels: readonly ShownChannel[];
  readonly name: string;
  readonly record?: Readonly<Record<string, unknown>> | undefined;
}

/** Types that ImageJ's hyperstacks have. */
const IMAGEJ_TYPES: readonly string[] = ["uint8", "uint16", "float32"];

/** Most bytes that a directory and what describes one page take, for deciding whether offsets of 32 bits reach. */
const MAX_PAGE_DESCRIPTION = 4096;
const MAX_DESCRIPTION = 2 ** 24;

/** The type of the voxels in a TIFF, which has none of true and false that all programs read. */
function tiffType(dtype: Dtype): Dtype {
  return dtype === "bool" ? "uint8" : dtype;
}

/**
 * The kind of TIFF that an image becomes: an OME-TIFF where the name says so, or where ImageJ's own form cannot hold it.
 *
 * @throws {ClearstackError} `unsupported` for types and numbers of pages that no TIFF has that others read
 */
export function tiffForm(info: Pick<Described, "dtype" | "axes" | "shape">, name: string): TiffForm {
  const dtype = tiffType(info.dtype);
  if (OME_TYPES[dtype] === undefined) {
    throw new ClearstackError(
      "unsupported",
      `a TIFF of ${dtype} is read by few programs, and ${name} would be one: give the output a name that ends in .zarr`,
      { path: "output.url", value: dtype },
    );
  }
  const [height, width] = info.shape.slice(-2) as [number, number];
  const pages = pagesOf(info);
  if (pages > MAX_DIRECTORIES) {
    throw new ClearstackError(
      "unsupported",
      `${name} would have ${pages} pages, and a TIFF of more than ${MAX_DIRECTORIES} takes too long to open: give the ` +
        "output a name that ends in .zarr",
      { need: pages, limit: MAX_DIRECTORIES },
    );
  }
  const bytes = pages * (height * width * dtypeBytes(dtype) + MAX_PAGE_DESCRIPTION) + MAX_DESCRIPTION;
  const bigTiff = bytes >= 2 ** 32;
  const isOme = bigTiff || /\.ome\.tiff?$/i.test(name) || !IMAGEJ_TYPES.includes(dtype);
  return { kind: isOme ? "ome" : "imagej", bigTiff };
}

/** Lays a file out. */
export function tiffLayout({ info: given, channels, name, record }: WrittenImage, form: TiffForm): TiffLayout {
  const info = { ...given, dtype: tiffType(given.dtype) };
  const [height, width] = info.shape.slice(-2) as [number, number];
  const isImageJ = form.kind === "imagej";
  const text = record === undefined ? undefined : new TextEncoder().encode(`${asciiJson(record)}\0`);
  const layout = layOutTiff({
    height,
    width,
    pages: pagesOf(info),
    dtype: info.dtype,
    description: isImageJ ? imageJDescription(info, channels) : omeDescription(info, channels, name),
    ...(isImageJ && isCalibrated(info) ? { resolution: resolutionOf(info) } : {}),
    firstTags: [
      ...(isImageJ ? imageJTags(info, channels) : []),
      ...(text === undefined ? [] : [[RECORD_TAG, ASCII, text.length, text] as const]),
    ],
    bigTiff: form.bigTiff,
  });
  if (!form.bigTiff && layout.totalBytes >= 2 ** 32) {
    throw new ClearstackError("unsupported", "a TIFF holds less than 4 GiB; write a Zarr instead");
  }
  return layout;
}

function pagesOf(info: Pick<Described, "axes" | "shape">): number {
  const { t, c, z } = lengthsOf(info);
  return t * c * z;
}

function resolutionOf(info: WrittenImage["info"]) {
  const perUnit = (name: "x" | "y") => fractionOf(1 / axisOf(info, name)!.scale);
  return { x: perUnit("x"), y: perUnit("y") };
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

interface TiffStack {
  readonly shape: Vec3;
  /** x contiguous. */
  readonly values: Float32Array;
  /** Voxel spacing in z, y, x, micrometre. */
  readonly spacingMicrometre?: Vec3;
}

/**
 * Encodes a stack as a TIFF of ImageJ.
 *
 * @throws {ClearstackError} `unsupported` above 4 GiB, where TIFF's offsets end
 */
export function encodeTiff({ shape, values, spacingMicrometre }: TiffStack): Uint8Array {
  const unit = spacingMicrometre === undefined ? undefined : "micrometer";
  const axes = axesOf("zyx", [unit, unit, unit]);
  const scale = [...spacingMicrometre ?? [1, 1, 1]];
  const info: Described = { dtype: "float32", axes, shape: [...shape], scale };
  const { head, directories, totalBytes } = tiffLayout({ info, channels: [], name: "" }, {
    kind: "imagej",
    bigTiff: false,
  });
  const bytes = new Uint8Array(totalBytes);
  let at = 0;
  for (const part of [head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), ...directories()]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
