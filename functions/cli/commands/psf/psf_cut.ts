/** `clearstack psf crop` and `psf plane`: part of a PSF, scaled to sum 1. */
import { PsfPlaneSchema } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3 } from "shared/volume/geometry.ts";
import { inPlane } from "shared/psf/fit_psf.ts";
import { aboutCentre, normalised, type PsfVolume, sumOf, withoutNegatives } from "shared/psf/psf_volume.ts";
import { checkPsfUrl } from "shared/psf/write_psf.ts";
import { redactUrl } from "shared/storage/url.ts";
import { oneOf, refusePair, requireFlags, triple } from "../../flags/argument_values.ts";
import type { Io } from "../../io.ts";
import { type Flag, parseArguments, type ParsedArguments } from "../../flags/parse_arguments.ts";
import { OUTPUT_FLAGS, readPsfVolume, VOLUME_FLAGS } from "./psf_arguments.ts";
import { deliver } from "./psf_report.ts";

const MAX_SIDE = 4096;

const CROP_FLAGS = {
  "shape": { form: `Z,Y,X: whole numbers from 1 to ${MAX_SIDE}, such as 31,31,31 (Y,X for one plane)` },
  ...VOLUME_FLAGS,
  ...OUTPUT_FLAGS,
} satisfies Record<string, Flag>;

const PLANE_FLAGS = {
  "take": { form: `one of ${PsfPlaneSchema.options.join(", ")}` },
  ...VOLUME_FLAGS,
  ...OUTPUT_FLAGS,
} satisfies Record<string, Flag>;

/** `psf crop PSF OUTPUT --shape Z,Y,X`: the voxels about the centre. */
export async function cropCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, {
    usage: "psf crop PSF OUTPUT --shape Z,Y,X",
    positionals: ["PSF", "OUTPUT"],
    flags: CROP_FLAGS,
  });
  const { form } = CROP_FLAGS.shape;
  requireFlags(parsed, ["shape"], CROP_FLAGS);
  const text = parsed.value("shape")!;
  const sides = triple("shape", text, form, [1, MAX_SIDE]);
  const wanted: Vec3 = sides.length === 3 ? sides : [1, ...sides];
  return await cut(parsed, io, { shape: wanted }, (volume) => {
    if (sides.length === 2 && volume.shape[0] > 1) refusePair("shape", text, "the PSF");
    if (wanted.some((side, axis) => side > volume.shape[axis]!)) {
      throw new ClearstackError(
        "invalid-request",
        `--shape ${formatVec3(wanted)} is more than the PSF has: ${formatVec3(volume.shape)}`,
        { path: "--shape", value: wanted },
      );
    }
    return aboutCentre(volume, wanted);
  });
}

/** `psf plane PSF OUTPUT --take focus`: one plane, for images of one plane. */
export async function planeCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, {
    usage: "psf plane PSF OUTPUT",
    positionals: ["PSF", "OUTPUT"],
    flags: PLANE_FLAGS,
  });
  const take = oneOf("take", parsed.value("take") ?? "focus", PsfPlaneSchema.options);
  return await cut(parsed, io, { plane: take }, (volume) => inPlane(volume, take));
}

async function cut(
  parsed: ParsedArguments,
  io: Io,
  step: Readonly<Record<string, unknown>>,
  change: (volume: PsfVolume) => PsfVolume,
): Promise<number> {
  const [input, url] = parsed.positionals as [string, string];
  checkPsfUrl(url);
  const { shape, values, voxelMicrometre } = await readPsfVolume(input, parsed, io);
  const { volume: whole } = withoutNegatives({ shape, values: Float64Array.from(values) });
  const part = change(whole);
  const kept = sumOf(part) / sumOf(whole);
  return await deliver(
    {
      url,
      inputs: [input],
      volume: normalised(part),
      voxelMicrometre,
      facts: { input: redactUrl(input), ...step, keptLight: kept },
      lines: [
        `${formatVec3(part.shape)} of ${formatVec3(shape)} voxels, ` +
        `${Number((100 * kept).toPrecision(4))} % of the light`,
      ],
      warnings: [],
    },
    parsed,
    io,
  );
}
