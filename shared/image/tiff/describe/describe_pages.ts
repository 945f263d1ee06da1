/** What a TIFF says of its pages: by the tags of MetaMorph and Zeiss, by OME-XML, or by the lines of ImageJ, SCIFIO or tifffile. */
import { ClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { splitObject } from "shared/storage/url.ts";
import { MAX_OME_XML_CHARACTERS, parseOmeXml } from "../../ome/ome_xml.ts";
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
  { directory }: TiffPage,
  options: DescribeOptions,
): Promise<TiffDescription> {
  const { where } = file;
  const { image, signal } = options;
  const texts: string[] = [];
  for (const entry of directory.entries) {
    if (entry.tag === IMAGE_DESCRIPTION) texts.push(textOf(await entryBytes(file, entry)));
  }
  const ome = texts.find((text) => /<(\w+:)?OME\b/.test(text.slice(0, OME_BEGINNING)));
  if (ome !== undefined) return await describeOmeText(ome, { ...options, where });
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

async function describeOmeText(
  text: string,
  { url, where, image, environment, signal }: DescribeOptions & { readonly where: string },
): Promise<TiffDescription> {
  const { base, key: name } = splitObject(url);
  const xml = await parseOmeXml(text, where, { signal });
  if (xml.metadataFile === undefined) return describeOme(xml, { where, name, image });
  const companion = await readCompanion(xml.metadataFile, { base, where, environment, signal });
  const { images } = await parseOmeXml(companion, `${xml.metadataFile} beside ${where}`, { signal });
  const own = xml.uuid === undefined ? {} : { uuid: xml.uuid };
  return describeOme({ images, ...own, isCompanion: true }, { where, name, image });
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
