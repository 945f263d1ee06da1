/** Output of the `psf` commands, as text and drawing. */
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { inspectPsf, type PsfInspection } from "shared/psf/measure/inspect_psf.ts";
import type { Objective } from "shared/psf/generate/optics.ts";
import type { PsfVolume } from "shared/psf/psf_volume.ts";
import { writePsf } from "shared/psf/write_psf.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Io } from "../../io.ts";
import type { ParsedArguments } from "../../flags/parse_arguments.ts";
import { noteNewFolders } from "../../note_new_folders.ts";

interface MadePsf {
  readonly url: string;
  /** Images that it was made from. */
  readonly inputs: readonly string[];
  readonly volume: PsfVolume;
  readonly voxelMicrometre: Vec3 | undefined;
  readonly objective?: Objective | undefined;
  /** Facts about how it was made, for `--json` and for the attributes of a Zarr. */
  readonly facts: Record<string, unknown>;
  /** The same in words, one line each. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/** Writes a PSF, draws it if asked to, and tells what it is; returns the exit status. */
export async function deliver(made: MadePsf, args: ParsedArguments, io: Io): Promise<number> {
  const { url, volume, voxelMicrometre, objective, facts, lines } = made;
  const name = redactUrl(url);
  const inspection = inspectPsf(volume, { voxelMicrometre, objective });
  const inputs = made.inputs.map((input) => ({ role: "input", url: input }));
  await noteNewFolders(url, io);
  await writePsf({ url, volume, voxelMicrometre, overwrite: args.has("overwrite"), inputs, provenance: facts }, io);
  await drawIfAsked(volume, voxelMicrometre, args);
  for (const warning of made.warnings) io.err(`warning: ${warning}\n`);
  if (args.has("json")) {
    const warnings = [...made.warnings, ...inspection.warnings];
    io.out(`${JSON.stringify({ output: name, ...inspection, ...facts, warnings })}\n`);
  } else {
    io.out(`${name}\n${lines.map((line) => `  ${line}\n`).join("")}${describe(inspection)}`);
  }
  return 0;
}

export async function drawIfAsked(volume: PsfVolume, voxel: Vec3 | undefined, args: ParsedArguments): Promise<void> {
  const file = args.value("picture");
  if (file === undefined) return;
  const { drawPsf } = await import("../../draw/psf_picture.ts");
  try {
    await Deno.writeFile(file, drawPsf(volume, voxel).encode());
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ClearstackError("unwritable", `--picture "${file}" cannot be written: ${reason}`, { cause });
  }
}

/** The measures as a table, and the warnings in sentences. */
export function describe(psf: PsfInspection): string {
  const row = (name: string, values: readonly (number | null)[], digits: number, unit: string) =>
    `  ${name.padEnd(18)}` +
    `${values.map((value) => (value === null ? "-" : value.toFixed(digits)).padStart(10)).join("")}  ${unit}\n`;
  return `  ${"".padEnd(18)}${["z", "y", "x"].map((axis) => axis.padStart(10)).join("")}\n` +
    row("shape", psf.shape, 0, "voxels") +
    (psf.voxelMicrometre ? row("voxel size", psf.voxelMicrometre, 4, "µm") : "") +
    row("array centre", psf.arrayCentre, 0, "voxel") +
    row("peak", psf.peak, 2, "voxel") +
    row("centre of mass", psf.centreOfMass, 2, "voxel") +
    row("FWHM", psf.fwhmVoxels, 3, "voxels") +
    (psf.fwhmMicrometre ? row("FWHM", psf.fwhmMicrometre, 4, "µm") : "") +
    row("99.9 % within ±", psf.energyRadius, 0, "voxels") +
    (psf.nyquistMicrometre ? row("Nyquist spacing", psf.nyquistMicrometre, 4, "µm") : "") +
    (psf.overNyquist ? row("voxel / Nyquist", psf.overNyquist, 2, "above 1 is too coarse") : "") +
    `  sum ${psf.sum.toPrecision(6)}, minimum ${psf.min.toPrecision(3)}, maximum ${psf.max.toPrecision(3)}\n` +
    psf.warnings.map((warning) => `  warning: ${warning}\n`).join("");
}
