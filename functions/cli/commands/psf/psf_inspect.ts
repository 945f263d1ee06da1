/** `clearstack psf inspect`: what a PSF is like, and what is wrong with it. */
import { ClearstackError } from "shared/errors.ts";
import { inspectPsf } from "shared/psf/measure/inspect_psf.ts";
import { checkObjective } from "shared/psf/generate/optics.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Io } from "../../io.ts";
import { type Flag, parseArguments } from "../../flags/parse_arguments.ts";
import { objective, OBJECTIVE_FLAGS, readPsfVolume, VOLUME_FLAGS, VOXEL_FORM, voxelFor } from "./psf_arguments.ts";
import { describe, drawIfAsked } from "./psf_report.ts";

const FORM = {
  usage: "psf inspect PSF",
  positionals: ["PSF"],
  flags: {
    ...OBJECTIVE_FLAGS,
    "voxel": { form: VOXEL_FORM },
    ...VOLUME_FLAGS,
    "picture": { form: "a PNG file to draw the PSF into" },
    "json": {},
  } satisfies Record<string, Flag>,
};

export async function inspectCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const url = parsed.positionals[0]!;
  const name = redactUrl(url);
  const lens = objective(parsed);
  if (lens !== undefined) checkObjective(lens);
  const stored = await readPsfVolume(url, parsed, io);
  const given = voxelFor(stored.shape, parsed, "voxel");
  const voxelMicrometre = given ?? stored.voxelMicrometre;
  if (lens !== undefined && voxelMicrometre === undefined) {
    throw new ClearstackError("invalid-request", `${name} does not state its voxel size: give --voxel Z,Y,X`);
  }
  const volume = { shape: stored.shape, values: Float64Array.from(stored.values) };
  const inspection = inspectPsf(volume, { voxelMicrometre, objective: lens });
  await drawIfAsked(volume, voxelMicrometre, parsed);
  io.out(parsed.has("json") ? `${JSON.stringify({ psf: name, ...inspection })}\n` : `${name}\n${describe(inspection)}`);
  return 0;
}
