/**
 * What the OME-XML beside the images of a conversion by bioformats2raw states of one of them: the lens, and wavelengths that its
 * `omero` metadata lack. It decides no voxel as it stands there, so that what cannot be used is warned of and left out.
 */
import type { Channel, ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { splitObject } from "shared/storage/url.ts";
import { seriesOfConversion } from "../zarr/choose_array.ts";
import { childKey, readZarrNode } from "../zarr/zarr_node.ts";
import { channelsFor, hasWavelength, omeXmlChannels } from "./ome_channels.ts";
import { omeObjective } from "./ome_objective.ts";
import type { OmeXmlImage } from "./ome_xml.ts";

const DOCUMENT = "OME/METADATA.ome.xml";

/** An array of a conversion, or of anything else. */
interface ConvertedArray extends Pick<ImageInfo, "url" | "axes" | "shape"> {
  /** Inside the store. */
  readonly path: string;
  /** What `omero` states, one for each channel, or nothing. */
  readonly channels?: readonly Channel[] | undefined;
}

/**
 * The fields of a description that the document adds; empty where there is none.
 *
 * @throws {ClearstackError} `store-unavailable`, `cancelled`
 */
export async function conversionMetadata(
  store: ReadableStore,
  array: ConvertedArray,
  options: StoreAccess,
): Promise<Pick<ImageInfo, "objective" | "channels" | "emissionFrom" | "warnings">> {
  try {
    const found = await imageIn(store, array.path, options) ?? await imageOfFolder(array, options);
    return found === undefined ? {} : stated(found, array);
  } catch (error) {
    if (!isClearstackError(error) || !UNUSABLE.includes(error.kind)) throw error;
    const message =
      `${error.message}: the lens and wavelengths that it may state are not taken; give --na, --index and ` +
      "--emission where they are needed";
    return { warnings: [{ code: "ome-xml-unusable", level: "warning", message }] };
  }
}

const UNUSABLE: readonly string[] = ["corrupt-data", "unsupported"];

/** The description of the image that an array is a level of. */
async function imageIn(store: ReadableStore, path: string, options: RequestOptions): Promise<OmeXmlImage | undefined> {
  const image = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  for (let container = image; container !== "";) {
    container = container.slice(0, Math.max(0, container.lastIndexOf("/")));
    const node = await readOptional(() => readZarrNode(store, container, options));
    const series = node && await seriesOfConversion(store, { node, path: container }, options);
    if (series === undefined) continue;
    const name = image.slice(container === "" ? 0 : container.length + 1);
    const index = series === "numbered" ? (/^\d{1,9}$/.test(name) ? Number(name) : -1) : series.indexOf(image);
    return index < 0 ? undefined : await imageAt(store, childKey(container, DOCUMENT), index, options);
  }
  return undefined;
}

/** The description of an image whose own folder was opened, `.../converted.zarr/0`: the conversion is the folder around it. */
async function imageOfFolder({ url, path }: ConvertedArray, access: StoreAccess): Promise<OmeXmlImage | undefined> {
  const { base, key } = splitObject(url);
  if (path === "" || path.includes("/") || !/^\d{1,9}$/.test(key)) return undefined;
  return await readOptional(() => imageIn(openReadable(base, access), `${key}/${path}`, access));
}

async function imageAt(
  store: ReadableStore,
  key: string,
  index: number,
  options: RequestOptions,
): Promise<OmeXmlImage | undefined> {
  const bytes = await readOptional(() => store.get(key, options));
  if (bytes === undefined) return undefined;
  // Who has no such document does not load its parser.
  const { parseOmeXml } = await import("./ome_xml.ts");
  const { images } = await parseOmeXml(new TextDecoder().decode(bytes), `${store.url}/${key}`, options);
  if (images[index] !== undefined) return images[index];
  throw new ClearstackError(
    "corrupt-data",
    `${store.url}/${key} describes ${images.length} images, and not number ${index}`,
  );
}

function stated({ pixels, channels, objective }: OmeXmlImage, array: ConvertedArray) {
  // Of samples of a color, one channel of the document is several of the array: whose wavelength is whose is not said.
  const count = array.shape[array.axes.findIndex(({ name }) => name === "c")] ?? 1;
  const ofXml = Number(pixels.SizeC ?? 1) === count && channels.length === count ? omeXmlChannels(channels) : [];
  const known = array.channels ?? [];
  const adds = hasWavelength(ofXml) && !hasWavelength(known);
  return {
    ...omeObjective(objective),
    ...(adds ? channelsFor(array, ofXml.map((channel, index) => ({ ...channel, ...known[index] }))) : {}),
  };
}

/** What may not be read, in a bucket that may not be listed, is not there. */
async function readOptional<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isClearstackError(error, "forbidden")) return undefined;
    throw error;
  }
}
