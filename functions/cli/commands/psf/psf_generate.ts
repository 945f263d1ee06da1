/** `clearstack psf generate`: a PSF computed from a description of the microscope. */
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { DiffractionRequest, PsfModel, PsfRequest } from "shared/psf/generate/generate_psf.ts";
import { generatePsf, PSF_MODELS } from "shared/psf/generate/generate_psf.ts";
import { checkObjective, diffractionWidths, type Layers } from "shared/psf/generate/optics.ts";
import { mirroredInDepth } from "shared/psf/psf_volume.ts";
import { checkPsfUrl } from "shared/psf/write_psf.ts";
import { oneOf, refuseValue, requireFlags, triple } from "../../flags/argument_values.ts";
import type { Io } from "../../io.ts";
import { type Flag, parseArguments, type ParsedArguments } from "../../flags/parse_arguments.ts";
import {
  decimals,
  number,
  objective,
  OBJECTIVE_FLAGS,
  OUTPUT_FLAGS,
  targetVoxel,
  VOXEL_FLAGS,
} from "./psf_arguments.ts";
import { deliver } from "./psf_report.ts";

const MAX_SIDE = 4096;
const SHAPE_FORM =
  `auto, or Z,Y,X: whole numbers from 1 to ${MAX_SIDE}, odd ones have a middle voxel (Y,X for a 2-D image)`;
const WIDTHS_FORM = "widths at half height in micrometres, Z,Y,X such as 0.8,0.25,0.25";

/** Flags of the layers above the sample, and what they set. */
const LAYER_FLAGS = {
  "sample-index": { form: "the refractive index of the sample, such as 1.38", sets: "sampleIndex" },
  "depth": { form: "the depth of the point below the coverslip in micrometres", sets: "depthMicrometre" },
  "immersion-design-index": {
    form: "the immersion index the lens is made for, a number",
    sets: "immersionDesignIndex",
  },
  "working-distance": { form: "the lens's working distance in micrometres", sets: "workingDistanceMicrometre" },
  "coverslip": { form: "the coverslip's thickness in micrometres, such as 170", sets: "coverslipMicrometre" },
  "coverslip-design": {
    form: "the coverslip thickness the lens is made for, in micrometres",
    sets: "coverslipDesignMicrometre",
  },
  "coverslip-index": { form: "the coverslip's refractive index, such as 1.5255", sets: "coverslipIndex" },
  "coverslip-design-index": {
    form: "the coverslip index the lens is made for, a number",
    sets: "coverslipDesignIndex",
  },
} as const satisfies Record<string, Flag & { readonly sets: keyof Layers }>;

const FLAGS = {
  "model": { form: `one of ${PSF_MODELS.join(", ")}` },
  ...OBJECTIVE_FLAGS,
  ...LAYER_FLAGS,
  "confocal": {},
  "excitation": { form: "the excitation wavelength in nanometres, such as 488" },
  "pinhole": { form: "the pinhole's diameter in Airy units, such as 1; 0 is closed" },
  "sheet": { form: "the light sheet's thickness at half height in micrometres" },
  "fwhm": { form: WIDTHS_FORM },
  ...VOXEL_FLAGS,
  "shape": { form: SHAPE_FORM },
  "flip-z": {},
  ...OUTPUT_FLAGS,
} satisfies Record<string, Flag>;

const FORM = { usage: "psf generate OUTPUT --model MODEL", positionals: ["OUTPUT"], flags: FLAGS };

/** Flags that only some models understand. */
const ONLY_FOR: readonly { readonly flags: readonly string[]; readonly models: readonly PsfModel[] }[] = [
  { flags: Object.keys(LAYER_FLAGS), models: ["gibson-lanni", "light-sheet"] },
  { flags: ["confocal", "excitation", "pinhole"], models: ["born-wolf", "gibson-lanni"] },
  { flags: ["sheet"], models: ["light-sheet"] },
  { flags: ["fwhm"], models: ["gaussian"] },
];

export async function generateCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const url = parsed.positionals[0]!;
  checkPsfUrl(url);
  const request = await requestOf(parsed, io);
  const { volume, focusMicrometre, warnings } = generatePsf(request);
  const { shape: _, voxelMicrometre, ...description } = request;
  const travel = Math.abs(focusMicrometre) < 0.001
    ? []
    : [`brightest, and so centred, where the stage has moved ${focusMicrometre.toFixed(3)} µm from the coverslip`];
  return await deliver(
    {
      url,
      inputs: [],
      volume: parsed.has("flip-z") ? mirroredInDepth(volume) : volume,
      voxelMicrometre,
      objective: request.model === "gaussian" ? objective(parsed) : request.objective,
      facts: { ...description, focusMicrometre },
      lines: [request.model, ...travel],
      warnings,
    },
    parsed,
    io,
  );
}

async function requestOf(args: ParsedArguments, io: Io): Promise<PsfRequest> {
  requireFlags(args, ["model"], FLAGS);
  const model = oneOf("model", args.value("model")!, PSF_MODELS);
  refuseOtherModels(args, model);
  requireFlags(args, neededFlags(args, model), FLAGS);
  const voxelMicrometre = (await targetVoxel(args, io))!;
  const voxels = { voxelMicrometre, shape: shapeOf(args, voxelMicrometre) };
  if (model === "gaussian") return { model, widthsMicrometre: widthsOf(args), ...voxels };
  const layers = Object.entries(LAYER_FLAGS).flatMap(([flag, { sets }]) => {
    const value = number(args, flag, FLAGS);
    return value === undefined ? [] : [[sets, value]];
  });
  return {
    model,
    objective: objective(args)!,
    ...(layers.length === 0 ? {} : { layers: Object.fromEntries(layers) }),
    ...confocalOf(args),
    ...(model === "light-sheet" ? { sheetMicrometre: number(args, "sheet", FLAGS)! } : {}),
    ...voxels,
  };
}

/** Flags that a model cannot do without. */
function neededFlags(args: ParsedArguments, model: PsfModel): string[] {
  const lens = Object.keys(OBJECTIVE_FLAGS);
  return [
    ...(args.has("like") ? [] : ["voxel"]),
    ...(model !== "gaussian" ? lens : lens.some((flag) => args.has(flag)) ? [] : ["fwhm"]),
    ...(model === "light-sheet" ? ["sheet"] : []),
    ...(args.has("confocal") ? ["excitation"] : []),
  ];
}

/** Given widths, or those of a lens. */
function widthsOf(args: ParsedArguments): Vec3 {
  const widths = decimals(args, "fwhm", WIDTHS_FORM);
  const lens = objective(args);
  if (lens === undefined) return widths!;
  if (widths !== undefined) {
    throw new ClearstackError("invalid-request", "--fwhm and the lens (--na) both give the widths: leave one out");
  }
  checkObjective(lens);
  return diffractionWidths(lens);
}

function confocalOf(args: ParsedArguments): Pick<DiffractionRequest, "confocal"> {
  if (!args.has("confocal")) {
    for (const flag of ["excitation", "pinhole"]) {
      if (args.has(flag)) throw new ClearstackError("invalid-request", `--${flag} goes with --confocal`);
    }
    return {};
  }
  const excitation = number(args, "excitation", FLAGS)!;
  return { confocal: { excitationMicrometre: excitation / 1000, pinholeAiry: number(args, "pinhole", FLAGS) ?? 1 } };
}

function shapeOf(args: ParsedArguments, [height]: Vec3): Vec3 | "auto" {
  const text = args.value("shape") ?? "auto";
  if (text === "auto") return text;
  const sides = triple("shape", text, SHAPE_FORM, [1, MAX_SIDE]);
  if (sides.length === 3) return sides;
  if (height > 0) refuseValue("shape", text, "Z,Y,X, since the voxel size has three numbers");
  return [1, ...sides];
}

function refuseOtherModels(args: ParsedArguments, model: PsfModel): void {
  for (const { flags, models } of ONLY_FOR) {
    const flag = flags.find((name) => args.has(name));
    if (flag === undefined || models.includes(model)) continue;
    throw new ClearstackError(
      "invalid-request",
      `--${flag} means nothing to --model ${model}, only to ${models.join(", ")}`,
    );
  }
}
