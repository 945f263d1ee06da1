/** A PSF from an image of beads: found, cut out, moved to a common centre, averaged. */
import { ClearstackError } from "shared/errors.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { type Background, backgroundOf, borderValues, withoutBackground } from "./psf_background.ts";
import { centreOfPeak, shifted } from "../centring.ts";
import { type BeadImage, findBeads, type FindOptions } from "./find_beads.ts";
import { aboutCentre, centreVoxel, normalised, type PsfVolume, sumOf } from "../psf_volume.ts";
import { brightestVoxel, widthsThrough } from "./widths.ts";

/** Beads to cut out, and ones to leave out. */
export interface BeadOptions extends FindOptions {
  /** Odd sides of the result. */
  readonly shape: Vec3;
  /** Beads that reach this value are left out. */
  readonly saturation: number;
}

/** Mean and standard deviation over the beads. */
interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** Report of why beads were not used, and how alike the others are. */
export interface BeadReport {
  readonly used: number;
  readonly left: {
    readonly crowded: number;
    readonly atEdge: number;
    readonly saturated: number;
    readonly unlike: number;
  };
  readonly background: Background;
  /** Position of each bead that was used, voxel indices z, y, x. */
  readonly positions: readonly Vec3[];
  /** Full widths at half height along z, y, x, voxels; undefined where the box is narrower. */
  readonly widths: readonly (Spread | undefined)[];
  /** Sum of each bead's light. */
  readonly light: Spread;
}

/** One bead on its own: background taken off, centred, in a box of the result's shape. */
interface Bead {
  readonly position: Vec3;
  readonly volume: PsfVolume;
}

/** Voxels beyond the box that moving a bead by up to two voxels draws on. */
const MARGIN = 5;

/**
 * Averages the beads of an image, each weighted by its light, which is best where photons are the noise. The result has sum 1
 * and may hold negative values where the background's noise is all there is.
 *
 * @throws {ClearstackError} `invalid-request` if no bead can be used, with the reasons
 */
export function averageBeads(image: BeadImage, options: BeadOptions): { psf: PsfVolume; report: BeadReport } {
  const { beads: tops, crowded, background } = findBeads(image, options);
  let atEdge = 0;
  let saturated = 0;
  let astray = 0;
  const cut: Bead[] = [];
  for (const top of tops) {
    const box = cutAbout(image, top, mapAxes((axis) => boxSide(options.shape[axis])));
    if (box === undefined) atEdge++;
    else if (box.values.some((value) => value >= options.saturation)) saturated++;
    else {
      const bead = centredBead(box, top, options.shape);
      if (bead === undefined) astray++;
      else cut.push(bead);
    }
  }
  const alike = withoutUnlike(cut);
  const left = { crowded, atEdge, saturated, unlike: astray + cut.length - alike.length };
  if (alike.length === 0) throw noBeads(left, options);
  return { psf: meanOf(alike), report: { left, background, ...describe(alike) } };
}

function boxSide(side: number): number {
  return side === 1 ? 1 : side + 2 * MARGIN;
}

/** The box of this shape centred on a voxel, or undefined where it leaves the image. */
function cutAbout(image: BeadImage, top: Vec3, shape: Vec3): PsfVolume | undefined {
  const start = mapAxes((axis) => shape[axis] === 1 && image.shape[axis] === 1 ? 0 : top[axis] - (shape[axis] >> 1));
  if (start.some((first, axis) => first < 0 || first + shape[axis] > image.shape[axis])) return undefined;
  const values = new Float64Array(voxelCount(shape));
  copyBox({ box: { start: [0, 0, 0], shape: image.shape }, values: image.values }, { box: { start, shape }, values });
  return { shape, values };
}

/** Undefined where the box holds something else that is brighter than the bead. */
function centredBead(box: PsfVolume, top: Vec3, shape: Vec3): Bead | undefined {
  const bare = withoutBackground(box, backgroundOf(borderValues(box)).level);
  const centre = centreVoxel(box.shape);
  const offset = mapAxes((axis) => centreOfPeak(aboutCentre(bare, shape))[axis] - (shape[axis] >> 1));
  if (offset.some((distance) => Math.abs(distance) > 2)) return undefined;
  const moved = shifted(bare, mapAxes((axis) => box.shape[axis] === 1 ? 0 : -offset[axis]));
  return {
    position: mapAxes((axis) => top[axis] + (centre[axis] === 0 ? 0 : offset[axis])),
    volume: aboutCentre(moved, shape),
  };
}

/**
 * Leaves out beads that differ from the mean of all more than most do: doublets, dirt, what drifted. Photon noise differs by
 * 1 / sqrt(light), so that much is taken off.
 */
function withoutUnlike(beads: readonly Bead[]): readonly Bead[] {
  const bright = beads.filter(({ volume }) => sumOf(volume) > 0);
  if (bright.length < 4) return bright;
  const mean = meanOf(bright);
  const differences = bright.map(({ volume }) => {
    const own = normalised(volume);
    const squares = own.values.reduce((sum, value, i) => sum + (value - mean.values[i]) ** 2, 0);
    return Math.sqrt(squares * sumOf(volume));
  });
  const middle = medianOf(differences);
  const spread = 1.4826 * medianOf(differences.map((difference) => Math.abs(difference - middle)));
  // Twice the usual difference is always let pass, so that near-perfect data keep all their beads.
  const most = Math.max(middle + 3.5 * spread, 2 * middle);
  return bright.filter((_, i) => differences[i] <= most);
}

function meanOf(beads: readonly Bead[]): PsfVolume {
  const { shape } = beads[0].volume;
  const values = new Float64Array(voxelCount(shape));
  for (const { volume } of beads) volume.values.forEach((value, i) => values[i] += value);
  return normalised({ shape, values });
}

function describe(beads: readonly Bead[]): Pick<BeadReport, "used" | "positions" | "widths" | "light"> {
  const widths = beads.map(({ volume }) => widthsThrough(volume, brightestVoxel(volume)));
  return {
    used: beads.length,
    positions: beads.map(({ position }) => position),
    widths: mapAxes((axis) => spreadOf(widths.map((width) => width[axis]).filter((width) => width !== undefined))),
    light: spreadOf(beads.map(({ volume }) => sumOf(volume)))!,
  };
}

function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length === 1 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function noBeads(
  { crowded, atEdge, saturated, unlike }: BeadReport["left"],
  { threshold }: BeadOptions,
): ClearstackError {
  const found = crowded + atEdge + saturated + unlike;
  return new ClearstackError(
    "invalid-request",
    found === 0
      ? `no bead stands ${threshold} deviations above the background: lower --threshold, or is this an image of beads?`
      : `no bead can be used: ${crowded} have a neighbour nearer than --bead-distance, ${atEdge} lie too near the edge for ` +
        `--shape, ${saturated} are saturated, ${unlike} are not like the others`,
  );
}
