/** The tag of Zeiss LSM files, whose description says nothing: sizes, the order of pages, and the size of a voxel in metres. */
import { ClearstackError } from "shared/errors.ts";
import { entryBytes, type TiffDirectory, type TiffForm } from "../tiff_directory.ts";
import type { Spacing, TiffDescription } from "./description.ts";

const CZ_LSMINFO = 34412;

/** First words of the tag, of two versions. */
const MAGIC = [0x0300494c, 0x0400494c];
const MIN_BYTES = 90;

/** Scans whose pages are planes of y and x: a stack, a time series, both. */
const PLANE_SCANS = [0, 3, 6];

/** What the tag says; undefined for a file that has none. Planes of a time come before the next time; channels are samples. */
export async function describeZeissLsm(
  form: TiffForm,
  { entries }: TiffDirectory,
): Promise<TiffDescription | undefined> {
  const entry = entries.find(({ tag }) => tag === CZ_LSMINFO);
  if (entry === undefined || entry.length < MIN_BYTES) return undefined;
  const bytes = await entryBytes(form, entry);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!MAGIC.includes(view.getUint32(0, true))) return undefined;
  const scan = view.getUint16(88, true);
  const problem = !PLANE_SCANS.includes(scan)
    ? `of scan type ${scan}, whose pages are no planes of y and x`
    : form.fileBytes >= 2 ** 32
    ? "of 4 GiB or more, whose offsets are too short"
    : undefined;
  if (problem !== undefined) throw refused(form, problem);
  const size = (at: number) => Math.max(1, view.getInt32(at, true));
  const [z, c, t] = [size(16), size(20), size(24)];
  if (c > 1) throw refused(form, `of ${c} channels in each page`);
  const spacing = (at: number): Spacing => {
    const metres = view.getFloat64(at, true);
    return metres > 0 && Number.isFinite(metres) ? { distance: metres * 1e6, unit: "micrometer" } : {};
  };
  return {
    pages: z * t,
    lengths: { t, c: 1, z },
    order: ["z", "c", "t"],
    names: "stated",
    outer: [],
    contiguous: false,
    spacing: { x: spacing(40), y: spacing(48), z: spacing(56) },
  };
}

function refused({ where }: TiffForm, what: string): ClearstackError {
  return new ClearstackError(
    "unsupported",
    `${where} is a Zeiss LSM ${what}; store it as an OME-TIFF or an OME-Zarr`,
  );
}
