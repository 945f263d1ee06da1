/** `clearstack psf resample` and `psf average`: measured PSFs made fit for use. */
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3 } from "shared/volume/geometry.ts";
import { averagePsfs } from "shared/psf/measure/average_psfs.ts";
import { type RepairedPsf, repairPsf } from "shared/psf/measure/repair_psf.ts";
import type { PsfVolume } from "shared/psf/psf_volume.ts";
import { checkPsfUrl } from "shared/psf/write_psf.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Io } from "../../io.ts";
import { refusePair } from "../../flags/argument_values.ts";
import { type Flag, parseArguments, type ParsedArguments } from "../../flags/parse_arguments.ts";
import { OUTPUT_FLAGS, readPsfVolume, REPAIR_FLAGS, repairOptions, targetVoxel, voxelFor } from "./psf_arguments.ts";
import { VOLUME_FLAGS, VOXEL_FLAGS, VOXEL_FORM } from "./psf_arguments.ts";
import { deliver } from "./psf_report.ts";

const FLAGS = {
  ...VOXEL_FLAGS,
  "psf-voxel": { form: VOXEL_FORM },
  ...VOLUME_FLAGS,
  ...REPAIR_FLAGS,
  ...OUTPUT_FLAGS,
} satisfies Record<string, Flag>;

/** PSFs that one average may take. */
const MAX_PSFS = 64;

/** `psf resample PSF OUTPUT`: one PSF, mended and at another voxel size. */
export async function resampleCommand(args: readonly string[], io: Io): Promise<number> {
  return await mendCommand(args, io, {
    usage: "psf resample PSF OUTPUT",
    positionals: ["PSF", "OUTPUT"],
    flags: FLAGS,
  });
}

/** `psf average PSF... OUTPUT`: several measurements of one PSF, moved to a common centre. */
export async function averageCommand(args: readonly string[], io: Io): Promise<number> {
  return await mendCommand(args, io, {
    usage: "psf average PSF PSF... OUTPUT",
    positionals: ["PSF", "PSF", "OUTPUT", ...Array<string>(MAX_PSFS - 2).fill("PSF")],
    optional: MAX_PSFS - 2,
    flags: FLAGS,
  });
}

async function mendCommand(
  args: readonly string[],
  io: Io,
  form: Parameters<typeof parseArguments>[1],
): Promise<number> {
  const parsed = parseArguments(args, form);
  const inputs = parsed.positionals.slice(0, -1);
  const url = parsed.positionals.at(-1)!;
  checkPsfUrl(url);
  const options = repairOptions(parsed);
  const target = await targetVoxel(parsed, io);
  const volumes: PsfVolume[] = [];
  let voxelMicrometre: Vec3 | undefined;
  for (const input of inputs) {
    const stored = await readPsfVolume(input, parsed, io);
    const size = voxelFor(stored.shape, parsed, "psf-voxel") ?? stored.voxelMicrometre;
    if (volumes.length > 0) refuseOtherVoxel(input, size, voxelMicrometre);
    voxelMicrometre = size;
    volumes.push({ shape: stored.shape, values: Float64Array.from(stored.values) });
  }
  const volume = volumes.length === 1 ? volumes[0]! : averagePsfs(volumes);
  if (target?.[0] === 0 && volume.shape[0] > 1) refuseFlatTarget(parsed);
  const mended = repairPsf(volume, { ...options, resampleTo: target, voxelMicrometre });
  const facts = {
    inputs: inputs.map(redactUrl),
    ...options,
    background: mended.background,
    negativeShare: mended.negativeShare,
  };
  return await deliver(
    { url, inputs, ...mended, facts, lines: [...lineOfInputs(inputs), ...repairLines(mended)], warnings: [] },
    parsed,
    io,
  );
}

function refuseFlatTarget(parsed: ParsedArguments): never {
  const text = parsed.value("voxel");
  if (text !== undefined) refusePair("voxel", text, "the PSF");
  throw new ClearstackError(
    "invalid-request",
    `--like "${
      redactUrl(parsed.value("like")!)
    }" has no z, and the PSF has several planes: take one with psf plane, or ` +
      "give --voxel Z,Y,X",
  );
}

function refuseOtherVoxel(input: string, size: Vec3 | undefined, first: Vec3 | undefined): void {
  const same = size?.every((side, axis) =>
    Math.abs(side / (first?.[axis] ?? NaN) - 1) < 1e-3 || side === first?.[axis]
  );
  if (same || (size === undefined && first === undefined)) return;
  const told = (voxelSize: Vec3 | undefined) => voxelSize === undefined ? "unknown" : formatVec3(voxelSize);
  throw new ClearstackError(
    "invalid-request",
    `${redactUrl(input)} has the voxel size ${told(size)}, the first PSF ` +
      `${told(first)}: bring them to one with psf resample`,
  );
}

function lineOfInputs(inputs: readonly string[]): string[] {
  return inputs.length === 1 ? [] : [`average of ${inputs.length} PSFs`];
}

/** Steps that were done, in words. */
export function repairLines({ background, negativeShare }: RepairedPsf): string[] {
  return [
    ...(background === 0 ? [] : [`background of ${background.toPrecision(4)} taken off`]),
    ...(negativeShare === 0 ? [] : [`negative values, ${(100 * negativeShare).toPrecision(2)} % of it, set to 0`]),
  ];
}
