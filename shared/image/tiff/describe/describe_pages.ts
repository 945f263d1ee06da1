/** What a TIFF says of its pages: by the tags of MetaMorph and Zeiss, by OME-XML, or by the lines of ImageJ, SCIFIO or tifffile. */
import { ClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { splitObject } from "shared/storage/url.ts";
import { MAX_OME_XML_CHARACTERS, type OmeXml, parseOmeXml } from "../../ome/ome_xml.ts";
import { entryBytes } from "../tiff_directory.ts";
import type { TiffFile, TiffPage } from "../tiff_file.ts";
import type { TiffDescription } from "./description.ts";
import { describeImageJ } from "./imagej.ts";
import { describeMetaMorph } from "./metamorph.ts";
import { describeOme } from "./ome.ts";
import { describeScifio } from "./scifio.ts";
import { describeShaped } from "./shaped.ts";
import { describeZeissLsm } from "./zeiss_lsm.ts";

const IMAGE_DESCRIPTION = 270;

/** Characters within which OME-XML has its root, behind a declaration and a comment. */
const OME_BEGINNING = 4096;

/** Options of a description. */
interface DescribeOptions extends StoreAccess {
  /** The file. */
  readonly url: string;
  /** Number of the image that is asked for, of a file that may have several; undefined for the only one. */
  readonly image?: number | undefined;
}

/**
 * Describes the pages of a file, of which the first is given.
 *
 * @throws {ClearstackError} `invalid-request` for a choice between images, `unsupported` for pages that are no planes,
 *   `corrupt-data`
 */
export async function describePages(
  file: TiffFile,
  page: TiffPage,
  options: DescribeOptions,
): Promise<TiffDescription> {
  const { where } = file;
  const { directory } = page;
  const { image, signal } = options;
  const texts = await textsOf(file, page);
  const ome = omeOf(texts);
  if (ome !== undefined) {
    const xml = await readOme(ome, { ...options, where });
    return describeOme(xml, { where, name: splitObject(options.url).key, image });
  }
  if (image !== undefined) {
    throw new ClearstackError("invalid-request", `${where} is a TIFF of one image; leave out --path ${image}`);
  }
  const stack = await describeMetaMorph(file, directory, { signal }) ?? await describeZeissLsm(file, directory);
  if (stack !== undefined) return stack;
  const lines = texts.find((text) => /^(ImageJ|SCIFIO)=/.test(text));
  if (lines !== undefined) return lines.startsWith("ImageJ=") ? describeImageJ(lines) : describeScifio(lines, where);
  return describeShaped(texts.find((text) => text.startsWith('{"shape"')) ?? texts[0] ?? "", where);
}

/** Text of a tag up to its first NUL: UTF-8, or Latin-1 where it is not. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    return new TextDecoder("latin1").decode(text);
  }
}

/** Number of images that a file has by its OME-XML; undefined for a file without any. */
export async function countImages(
  file: TiffFile,
  page: TiffPage,
  options: DescribeOptions,
): Promise<number | undefined> {
  const text = omeOf(await textsOf(file, page));
  return text === undefined ? undefined : (await readOme(text, { ...options, where: file.where })).images.length;
}

/** The OME-XML of a file, or that of the file that it names. */
async function readOme(
  text: string,
  { url, where, environment, signal }: DescribeOptions & { readonly where: string },
): Promise<OmeXml> {
  const xml = await parseOmeXml(text, where, { signal });
  if (xml.metadataFile === undefined) return xml;
  const { base } = splitObject(url);
  const companion = await readCompanion(xml.metadataFile, { base, where, environment, signal });
  const { images } = await parseOmeXml(companion, `${xml.metadataFile} beside ${where}`, { signal });
  return { images, ...(xml.uuid === undefined ? {} : { uuid: xml.uuid }), isCompanion: true };
}

async function textsOf(file: TiffFile, { directory }: TiffPage): Promise<string[]> {
  const texts: string[] = [];
  for (const entry of directory.entries) {
    if (entry.tag === IMAGE_DESCRIPTION) texts.push(textOf(await entryBytes(file, entry)));
  }
  return texts;
}

function omeOf(texts: readonly string[]): string | undefined {
  return texts.find((text) => /<(\w+:)?OME\b/.test(text.slice(0, OME_BEGINNING)));
}

/** The text of a file in the same folder. */
async function readCompanion(
  name: string,
  { base, where, environment, signal }: StoreAccess & { readonly base: string; readonly where: string },
): Promise<string> {
  const store = openReadable(base, { environment });
  const object = siblingName(name) ? await store.head(name, { signal }) : undefined;
  if (object === undefined) {
    throw new ClearstackError(
      "not-found",
      `${where} is a part of an OME-TIFF whose metadata are in ${name}, which is not beside it`,
    );
  }
  if (!(object.size <= MAX_OME_XML_CHARACTERS)) {
    throw new ClearstackError(
      "unsupported",
      `${name} beside ${where} is of ${object.size} bytes, too long to be read`,
      {
        value: object.size,
        limit: MAX_OME_XML_CHARACTERS,
      },
    );
  }
  return textOf(await store.get(name, { signal }) ?? new Uint8Array(0));
}

/** True for a plain name: metadata of a file must not lead out of its folder. */
export function siblingName(name: string): boolean {
  // deno-lint-ignore no-control-regex -- NUL and the like end a file name early on some systems
  return name !== "" && name !== "." && name !== ".." && !/[\\/\x00-\x1f]/.test(name);
}
