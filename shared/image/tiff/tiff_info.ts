/** What a TIFF states as an image: shape, type, axes, scale, channels, and what tells this version of it from another. */
import type { GeoTIFFImage } from "geotiff";
import type { Channel, ImageInfo, OpticsOrigin } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import type { Warning } from "shared/contract/problem.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { ObjectInfo } from "shared/storage/store.ts";
import { canonicalUrl } from "shared/storage/url.ts";
import { axesOf } from "../axes.ts";
import { channelsFor } from "../ome/ome_channels.ts";
import { hashHex } from "../output/hash.ts";
import type { TiffDescription } from "./describe/description.ts";
import { IMAGEJ_LENGTHS_TAG, IMAGEJ_METADATA_TAG, imageJChannels } from "./imagej_channels.ts";
import type { PageAxes } from "./tiff_axes.ts";
import { calibrate } from "./tiff_calibration.ts";
import { integerTag } from "./tiff_directory.ts";
import { decoding, type TiffFile, type TiffPage } from "./tiff_file.ts";
import { sampleType } from "./tiff_samples.ts";

const PHOTOMETRIC_INTERPRETATION = 262;

/** What is known of an image beside its first page. */
interface Opened {
  readonly location: Location;
  readonly where: string;
  readonly axes: PageAxes;
  readonly file: TiffFile;
  /** Files beside it. */
  readonly others: readonly ObjectInfo[];
}

/**
 * Facts about an image from its first page, whose size and type all of its pages have.
 *
 * @throws {ClearstackError} `corrupt-data`, `unsupported` for color
 */
export async function tiffInfo(
  page: TiffPage,
  description: TiffDescription,
  { location, where, axes: pages, file, others }: Opened,
): Promise<ImageInfo> {
  const { dtype } = await decoding(where, () => Promise.resolve(sampleType(page, where)));
  const { image: first } = page;
  const names = [...pages.names, "y", "x"] as const;
  const plane = [first.getHeight(), first.getWidth()];
  const chunk = first.isTiled ? [first.getTileHeight(), first.getTileWidth()] : plane;
  if (![...plane, ...chunk].every(Number.isSafeInteger)) {
    throw new ClearstackError(
      "corrupt-data",
      `${where} cannot be read as TIFF: its width or height is no whole number`,
    );
  }
  const shape = [...pages.lengths, ...plane];
  const calibration = await calibrate(first, { names, shape, description, where });
  const axes = axesOf(names.join(""), calibration.units);
  const warnings = [...pages.warnings, ...calibration.warnings, ...whiteIsZero(page, where)];
  return {
    url: canonicalUrl(location.url),
    path: location.path ?? "",
    format: "tiff",
    dtype,
    shape,
    chunkShape: [...pages.lengths.map(() => 1), ...chunk],
    axes,
    scale: [...calibration.scale],
    ...channelsFor({ axes, shape }, ...await channelsOf(first, description, shape[names.indexOf("c")] ?? 1)),
    ...(description.objective === undefined ? {} : { objective: description.objective }),
    ...(description.objectiveFrom === undefined ? {} : { objectiveFrom: description.objectiveFrom }),
    ...(location.pages === undefined ? {} : { pages: location.pages }),
    ...(warnings.length === 0 ? {} : { warnings }),
    identity: await hashHex(file.header, new TextEncoder().encode([file.object, ...others].map(stateOf).join("\n"))),
  };
}

/** Values are taken as they are stored; where 0 is shown as white, light may be dark. */
function whiteIsZero({ directory }: TiffPage, where: string): Warning[] {
  if (integerTag(directory, PHOTOMETRIC_INTERPRETATION) !== 0) return [];
  const message =
    `${where} shows its value 0 as white: its values are taken as they are stored; invert it first if its light ` +
    "has low values";
  return [{ code: "white-is-zero", level: "warning", message }];
}

function stateOf({ size, etag }: ObjectInfo): string {
  return `${size} ${etag ?? ""}`;
}

/** Channels, and the metadata that state their wavelengths. */
async function channelsOf(
  first: GeoTIFFImage,
  { channels, emissions }: TiffDescription,
  count: number,
): Promise<[channels: readonly Channel[], from?: OpticsOrigin]> {
  const named = channels ?? await taggedChannels(first, count);
  if (emissions?.length !== count) return [named];
  return [emissions.map((emissionNanometres, channel) => ({ ...named[channel], emissionNanometres })), "clearstack"];
}

/** Channels that ImageJ describes in tags of its own; none if these are damaged. */
async function taggedChannels({ fileDirectory, littleEndian }: GeoTIFFImage, channels: number): Promise<Channel[]> {
  if (!fileDirectory.hasTag(IMAGEJ_METADATA_TAG)) return [];
  try {
    const lengths: unknown = await fileDirectory.loadValue(IMAGEJ_LENGTHS_TAG);
    const metadata: unknown = await fileDirectory.loadValue(IMAGEJ_METADATA_TAG);
    if (!(metadata instanceof Uint8Array && lengths instanceof Uint32Array)) return [];
    return imageJChannels({ lengths: [...lengths], metadata, littleEndian, channels });
  } catch (error) {
    if (isClearstackError(error) && error.kind !== "corrupt-data") throw error;
    return [];
  }
}
