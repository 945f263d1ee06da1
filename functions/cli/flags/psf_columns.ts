/** The PSFs of a request as the command line has them: `--psf` for each, and beside it flags given once for all or once for each. */
import { ClearstackError } from "shared/errors.ts";
import { PAGES_MODES } from "shared/contract/image_info.ts";
import { axesOf, channelOfText, indexOf, oneOf, textOfChannel } from "./argument_values.ts";
import type { ValueFlag } from "./job_flag.ts";

/** One PSF of a request. */
interface PsfPlace {
  readonly url: string;
  readonly path?: string | undefined;
  readonly axes?: string | undefined;
  readonly pages?: string | undefined;
  readonly channel?: number | string | undefined;
  readonly time?: number | undefined;
}

type Part = keyof PsfPlace;

/** Each part of all PSFs, in their order; a part that none has is absent, one that some lack is "" there. */
export type PsfColumns = Partial<Record<Part, readonly string[]>>;

const FLAG_OF: Readonly<Record<Part, string>> = {
  url: "psf",
  path: "psf-path",
  axes: "psf-axes",
  pages: "psf-pages",
  channel: "psf-channel",
  time: "psf-time",
};
const PARTS = Object.keys(FLAG_OF) as Part[];

export const PSF_FLAGS: Readonly<Record<string, ValueFlag>> = {
  [FLAG_OF.url]: column(
    "url",
    "PSF",
    "point spread function, normalised to sum 1; give it once, or once for each channel in their order",
    "a path or URL of a PSF, Zarr or TIFF",
    (text) => {
      if (text === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
    },
  ),
  [FLAG_OF.path]: column(
    "path",
    "P",
    "array inside the PSF, where the PSF is a group; number of an image, where it is an OME-TIFF of several",
    "the path of an array inside the PSF",
    () => {},
  ),
  [FLAG_OF.axes]: column(
    "axes",
    "zyx",
    "axes of a PSF that does not state them",
    "the axes of a PSF that does not state them, such as zyx",
    (text, form) => void (text === "" || axesOf(FLAG_OF.axes, text, form)),
  ),
  [FLAG_OF.pages]: column(
    "pages",
    "as-stated",
    "as-listed takes the pages of a TIFF that are there, where it says it has more",
    `one of ${PAGES_MODES.join(", ")}`,
    (text) => void (text === "" || oneOf(FLAG_OF.pages, text, PAGES_MODES)),
  ),
  [FLAG_OF.channel]: column(
    "channel",
    "N",
    "channel of a PSF that has several, by index or name; by default each is the PSF of its channel of SOURCE",
    "the channel of a PSF that has several, by index or name, such as 0 or DAPI",
    () => {},
  ),
  [FLAG_OF.time]: column(
    "time",
    "N",
    "time point of a PSF that has several",
    "the time point of a PSF that has several, a whole number from 0",
    (text, form) => void (text === "" || indexOf(FLAG_OF.time, text, form)),
  ),
};

function column(
  part: Part,
  example: string,
  help: string,
  form: string,
  check: (text: string, form: string) => void,
): ValueFlag {
  return {
    at: `psf.${part}`,
    example,
    help,
    form,
    repeatable: true,
    read: (_, { texts }) => {
      for (const text of texts) check(text, form);
      return texts;
    },
    write: (texts) => texts as readonly string[],
  };
}

/** From what a request names to columns. */
export function psfColumns(psf: PsfPlace | readonly PsfPlace[]): PsfColumns {
  const places = [psf].flat() as readonly PsfPlace[];
  const columns: PsfColumns = {};
  for (const part of PARTS) {
    const texts = places.map(({ [part]: value }) =>
      value === undefined ? "" : part === "channel" ? textOfChannel(value) : String(value)
    );
    if (part === "url") columns.url = texts;
    else if (texts.some((text) => text !== "")) {
      columns[part] = texts.every((text) => text === texts[0]) ? [texts[0]!] : texts;
    }
  }
  return columns;
}

/**
 * The inverse of {@link psfColumns}: one PSF, or a list.
 *
 * @throws {ClearstackError} `invalid-request` for a flag given neither once nor as often as `--psf`
 */
export function psfOfColumns(columns: PsfColumns): PsfPlace | PsfPlace[] {
  const { url: urls = [] } = columns;
  const places = urls.map((url, index) => {
    const given = PARTS.flatMap((part) => {
      const text = part === "url" ? url : cell(columns[part] ?? [], index, { part, rows: urls.length });
      return text === undefined ? [] : [[part, valueOf(part, text)]];
    });
    return Object.fromEntries(given) as PsfPlace;
  });
  return places.length === 1 ? places[0]! : places;
}

/** What a column says of one PSF; undefined where that is nothing. */
function cell(
  texts: readonly string[],
  index: number,
  { part, rows }: { readonly part: Part; readonly rows: number },
): string | undefined {
  if (texts.length > 1 && texts.length !== rows) {
    throw new ClearstackError(
      "invalid-request",
      `--${FLAG_OF[part]} is given ${texts.length} times: give it once, or once for each of the ${rows} --psf`,
    );
  }
  return (texts.length === 1 ? texts[0] : texts[index]) || undefined;
}

function valueOf(part: Part, text: string): string | number {
  return part === "channel" ? channelOfText(text) : part === "time" ? Number(text) : text;
}
