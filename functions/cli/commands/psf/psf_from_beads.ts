/** `clearstack psf from-beads`: a PSF measured in an image of beads. */
import { counted } from "shared/counted.ts";
import { ClearstackError } from "shared/errors.ts";
import { largestInteger } from "shared/volume/dtype.ts";
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { averageBeads, type BeadReport } from "shared/psf/measure/average_beads.ts";
import { repairPsf } from "shared/psf/measure/repair_psf.ts";
import { readVolume } from "shared/psf/read_volume.ts";
import { checkPsfUrl } from "shared/psf/write_psf.ts";
import { redactUrl } from "shared/storage/url.ts";
import { refusePair, refuseValue, requireFlags, triple } from "../../flags/argument_values.ts";
import type { Io } from "../../io.ts";
import { type Flag, parseArguments, type ParsedArguments } from "../../flags/parse_arguments.ts";
import { number, OUTPUT_FLAGS, REPAIR_FLAGS, repairOptions, VOXEL_FORM } from "./psf_arguments.ts";
import { VOLUME_FLAGS, volumeChoice, voxelFor } from "./psf_arguments.ts";
import { repairLines } from "./psf_repair.ts";
import { deliver } from "./psf_report.ts";

const MAX_SIDE = 1025;

const FLAGS = {
  "bead-distance": { form: "the least distance between beads in micrometres, such as 4" },
  "shape": { form: `Z,Y,X: odd whole numbers from 1 to ${MAX_SIDE}, such as 31,31,31 (Y,X for a 2-D image)` },
  "threshold": { form: "a bead's height above the background in its standard deviations, such as 8" },
  "saturation": { form: "the value at which the camera is saturated" },
  "voxel": { form: VOXEL_FORM },
  ...VOLUME_FLAGS,
  "radial-average": REPAIR_FLAGS["radial-average"],
  "crop-energy": REPAIR_FLAGS["crop-energy"],
  ...OUTPUT_FLAGS,
} satisfies Record<string, Flag>;

const FORM = {
  usage: "psf from-beads IMAGE OUTPUT --bead-distance UM",
  positionals: ["IMAGE", "OUTPUT"],
  flags: FLAGS,
};

/** Deviations that no noise reaches in an image of 10^9 voxels. */
const DEFAULT_THRESHOLD = 8;

export async function fromBeadsCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [input, url] = parsed.positionals as [string, string];
  checkPsfUrl(url);
  requireFlags(parsed, ["bead-distance"], FLAGS);
  const distance = positive(parsed, "bead-distance")!;
  const { place, choice } = volumeChoice(input, parsed);
  const image = await readVolume(place, { ...choice, environment: io.environment });
  const voxelMicrometre = voxelFor(image.shape, parsed, "voxel") ?? image.voxelMicrometre;
  if (voxelMicrometre === undefined) {
    throw new ClearstackError(
      "invalid-request",
      `${redactUrl(input)} does not state its voxel size: give --voxel Z,Y,X`,
    );
  }
  const { psf, report } = averageBeads(image, {
    distance,
    voxel: voxelMicrometre,
    threshold: positive(parsed, "threshold") ?? DEFAULT_THRESHOLD,
    shape: shapeOf(parsed, image.shape, mapAxes((axis) => distance / voxelMicrometre[axis])),
    saturation: number(parsed, "saturation", FLAGS) ?? largestInteger(image.info.dtype) ?? Infinity,
  });
  const mended = repairPsf(psf, { ...repairOptions(parsed), voxelMicrometre });
  const facts = {
    input: redactUrl(input),
    beadDistanceMicrometre: distance,
    beads: report,
    negativeShare: mended.negativeShare,
  };
  const lines = [...describeBeads(report, voxelMicrometre), ...repairLines(mended)];
  return await deliver({ url, inputs: [input], ...mended, facts, lines, warnings: warningsOf(report) }, parsed, io);
}

/** Half the distance to every side, so that no box holds two beads; at most what the image holds. */
function shapeOf(args: ParsedArguments, image: Vec3, distanceVoxels: Vec3): Vec3 {
  const text = args.value("shape");
  if (text === undefined) {
    return mapAxes((axis) => image[axis] === 1 ? 1 : 2 * Math.max(3, Math.floor(distanceVoxels[axis] / 2)) + 1);
  }
  const sides = triple("shape", text, FLAGS.shape.form, [1, MAX_SIDE]);
  if (sides.length === 2 && image[0] > 1) refusePair("shape", text);
  if (sides.some((side) => side % 2 === 0)) refuseValue("shape", text, FLAGS.shape.form);
  return sides.length === 3 ? sides : [1, ...sides];
}

function positive(args: ParsedArguments, flag: "bead-distance" | "threshold"): number | undefined {
  const value = number(args, flag, FLAGS);
  return value === undefined || value > 0 ? value : refuseValue(flag, args.value(flag)!, FLAGS[flag].form);
}

function describeBeads(report: BeadReport, voxelMicrometre: Vec3): string[] {
  const { used, left, widths, light, background } = report;
  const spread = (["z", "y", "x"] as const).flatMap((name, axis) => {
    const width = widths[axis];
    if (width === undefined || voxelMicrometre[axis] === 0) return [];
    const [mean, deviation] = [width.mean, width.deviation].map((value) => (value * voxelMicrometre[axis]).toFixed(3));
    return [`${name} ${mean} ± ${deviation} µm`];
  });
  return [
    `average of ${
      counted(used, "bead")
    }; left out: ${left.crowded} crowded, ${left.atEdge} at the edge, ${left.saturated} ` +
    `saturated, ${left.unlike} unlike the others`,
    `widths of single beads: ${spread.join(", ")}`,
    `light per bead ${light.mean.toPrecision(3)} ± ${light.deviation.toPrecision(2)}, background ` +
    `${background.level.toPrecision(4)} ± ${background.noise.toPrecision(2)}`,
  ];
}

function warningsOf({ used }: BeadReport): string[] {
  return used >= 5 ? [] : [`only ${counted(used, "bead was", "beads were")} averaged; more make a smoother PSF`];
}
