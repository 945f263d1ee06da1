/**
 * Reads OME-XML (schema of June 2016) piece by piece, so that other work goes on meanwhile, and keeps only what planes and voxel
 * sizes need.
 */
import { delay } from "@std/async/delay";
import { SaxesParser, type SaxesTagPlain } from "saxes";
import { ClearstackError } from "shared/errors.ts";
import type { RequestOptions } from "shared/storage/store.ts";

/** Longest text that is parsed: some 20,000 planes with their files and times. */
export const MAX_OME_XML_CHARACTERS = 8 * 2 ** 20;
const MAX_ELEMENTS = 200_000;
const MAX_DEPTH = 32;

/** Characters parsed at once: a few milliseconds. */
const SLICE = 2 ** 15;

/** Attributes of an element by their names, without namespaces. */
export type Attributes = Readonly<Record<string, string>>;

/** A TiffData element, and the file that it names. */
export interface OmeTiffData {
  readonly attributes: Attributes;
  readonly fileName?: string;
  readonly uuid?: string;
}

/** An Image element that has Pixels. */
export interface OmeXmlImage {
  readonly name: string;
  readonly pixels: Attributes;
  readonly channels: readonly Attributes[];
  readonly tiffData: readonly OmeTiffData[];
  /** Attributes of its Objective, and over them those of its ObjectiveSettings. */
  readonly objective: Attributes;
}

/** Parts of an OME element. */
export interface OmeXml {
  readonly images: readonly OmeXmlImage[];
  readonly uuid?: string;
  /** File that has the metadata, where this text says no more than that. */
  readonly metadataFile?: string;
  /** True for the text of such a file, which is no TIFF. */
  readonly isCompanion?: boolean;
}

/**
 * Parses OME-XML.
 *
 * @param where the file, for messages
 * @throws {ClearstackError} `corrupt-data` where it is not well-formed, `unsupported` where it is longer, deeper or of more
 *   elements than is read, `cancelled`
 */
export async function parseOmeXml(text: string, where: string, { signal }: RequestOptions = {}): Promise<OmeXml> {
  if (text.length > MAX_OME_XML_CHARACTERS) throw tooMuch(where, "characters", text.length, MAX_OME_XML_CHARACTERS);
  const builder = new OmeBuilder(where);
  const parser = new SaxesParser();
  // Thrown errors end the parse: what follows a fault means nothing.
  parser.on("error", (error) => {
    throw new ClearstackError("corrupt-data", `${where} has OME-XML that is not well-formed: ${error.message}`);
  });
  parser.on("opentag", (tag) => builder.open(tag));
  parser.on("text", (content) => builder.text(content));
  parser.on("closetag", () => builder.close());
  for (let at = 0; at < text.length; at += SLICE) {
    if (at > 0) await delay(0);
    if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled", { cause: signal.reason });
    parser.write(text.slice(at, at + SLICE));
  }
  parser.close();
  return builder.result;
}

type Open<T> = { -readonly [K in keyof T]: T[K] };

class OmeBuilder {
  readonly #where: string;
  readonly #names: string[] = [];
  #elements = 0;
  readonly #images: OmeXmlImage[] = [];
  #imageName = "";
  /** Objective elements by their ID. */
  readonly #objectives = new Map<string, Attributes>();
  /** ObjectiveSettings of each image, and of the one that is open. */
  readonly #settings: (Attributes | undefined)[] = [];
  #imageSettings: Attributes | undefined;
  #pixels: { channels: Attributes[]; tiffData: Open<OmeTiffData>[] } | undefined;
  #uuid: string | undefined;
  #metadataFile: string | undefined;

  constructor(where: string) {
    this.#where = where;
  }

  get result(): OmeXml {
    return {
      images: this.#images.map((image, index) => ({ ...image, objective: this.#objectiveOf(this.#settings[index]) })),
      ...(this.#uuid === undefined ? {} : { uuid: this.#uuid }),
      ...(this.#metadataFile === undefined ? {} : { metadataFile: this.#metadataFile }),
    };
  }

  open(tag: SaxesTagPlain): void {
    const name = bareName(tag.name);
    const attributes = Object.fromEntries(
      Object.entries(tag.attributes).map(([key, value]) => [bareName(key), String(value)]),
    );
    this.#names.push(name);
    if (++this.#elements > MAX_ELEMENTS) throw tooMuch(this.#where, "elements", this.#elements, MAX_ELEMENTS);
    if (this.#names.length > MAX_DEPTH) throw tooMuch(this.#where, "levels", this.#names.length, MAX_DEPTH);
    const parent = this.#names.at(-2);
    if (parent === undefined) this.#uuid = attributes.UUID;
    if (name === "Image") {
      this.#imageName = attributes.Name ?? "";
      this.#imageSettings = undefined;
    } else if (parent === "Instrument" && name === "Objective") this.#objectives.set(attributes.ID ?? "", attributes);
    else if (parent === "Image" && name === "ObjectiveSettings") this.#imageSettings = attributes;
    else if (name === "BinaryOnly") this.#metadataFile = attributes.MetadataFile ?? "another file";
    else if (name === "Pixels") {
      this.#pixels = { channels: [], tiffData: [] };
      this.#images.push({ name: this.#imageName, pixels: attributes, ...this.#pixels, objective: {} });
      this.#settings.push(this.#imageSettings);
    } else if (parent === "Pixels" && name === "Channel") this.#pixels?.channels.push(attributes);
    else if (parent === "Pixels" && name === "TiffData") this.#pixels?.tiffData.push({ attributes });
    else if (parent === "TiffData" && name === "UUID" && attributes.FileName !== undefined) {
      const element = this.#pixels?.tiffData.at(-1);
      if (element) element.fileName = attributes.FileName;
    }
  }

  /** The objective that an image names, or the only one there is. */
  #objectiveOf(settings: Attributes | undefined): Attributes {
    const only = this.#objectives.size === 1 ? [...this.#objectives.values()][0] : undefined;
    return { ...(settings === undefined ? only : this.#objectives.get(settings.ID ?? "")), ...settings };
  }

  text(content: string): void {
    const element = this.#pixels?.tiffData.at(-1);
    if (this.#names.at(-1) === "UUID" && element) element.uuid = (element.uuid ?? "") + content.trim();
  }

  close(): void {
    this.#names.pop();
  }
}

/** `OME:Pixels` -> `Pixels`. */
function bareName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function tooMuch(where: string, what: string, value: number, limit: number): ClearstackError {
  return new ClearstackError(
    "unsupported",
    `${where} has OME-XML of ${value} ${what}, more than the ${limit} that are read; store the image as an OME-Zarr`,
    { value, limit },
  );
}
