/** The PSFs of a request as the command line has them: `--psf` for each, and beside it flags given once for all or once for each. */
import { ClearstackError } from "shared/errors.ts";
import type { ValueFlag } from "./job_flag.ts";
import { wholeNumber } from "./argument_values.ts";

/** One PSF of a request. */
interface PsfPlace {
  readonly url: string;
  readonly path?: string | undefined;
  readonly axes?: string | undefined;
  readonly channel?: number | undefined;
}

/** Each part of all PSFs, in their order; a part that none has is absent, one that some lack is "" there. */
export type PsfColumns = Partial<Record<keyof PsfPlace, readonly string[]>>;

const PARTS = ["url", "path", "axes", "channel"] as const;
const FLAG_OF = { url: "psf", path: "psf-path", axes: "psf-axes", channel: "psf-channel" } as const;
const MAX_CHANNELS = 100_000;

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
    "array inside the PSF, where the PSF is a group",
    "the path of an array inside the PSF",
    () => {},
  ),
  [FLAG_OF.axes]: column(
    "axes",
    "zyx",
    "axes of a PSF that does not state them",
    "the axes of a PSF that does not state them, such as zyx",
    (text, form) => {
      if (!/^(t?c?z?yx)?$/.test(text)) {
        throw new ClearstackError("invalid-request", `--psf-axes "${text}": expected ${form}`);
      }
    },
  ),
  [FLAG_OF.channel]: column(
    "channel",
    "N",
    "channel of a PSF that has several; by default each is the PSF of its channel of SOURCE",
    "the channel of a PSF that has several, a whole number from 0",
    (text, form) => {
      if (text !== "") wholeNumber(FLAG_OF.channel, text, form, [0, MAX_CHANNELS]);
    },
  ),
};

function column(
  part: keyof PsfPlace,
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
    const texts = places.map((place) => place[part] === undefined ? "" : String(place[part]));
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
    const text = (part: "path" | "axes" | "channel") => {
      const texts = columns[part] ?? [];
      if (texts.length > 1 && texts.length !== urls.length) {
        throw new ClearstackError(
          "invalid-request",
          `--${FLAG_OF[part]} is given ${texts.length} times: give it once, or once for each of the ` +
            `${urls.length} --psf`,
        );
      }
      return (texts.length === 1 ? texts[0] : texts[index]) || undefined;
    };
    const [path, axes, channel] = [text("path"), text("axes"), text("channel")];
    return {
      url,
      ...(path === undefined ? {} : { path }),
      ...(axes === undefined ? {} : { axes }),
      ...(channel === undefined ? {} : { channel: Number(channel) }),
    };
  });
  return places.length === 1 ? places[0]! : places;
}
