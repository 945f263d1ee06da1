/** What is wrong with a PSF, judged by its measures. */
import type { Warning } from "shared/contract/problem.ts";
import { mapAxes, SPATIAL_AXES, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { PsfMeasures } from "./psf_measures.ts";

/** Voxels that a peak may lie off the centre; computed PSFs, whose values are means over voxels, stay below 0.1. */
const MAX_OFFSET = 0.4;

/** Share of the sum that a pedestal may make up. In a plane by itself, haze from deep in a sample looks like up to 6.2 %. */
const MAX_PEDESTAL = { volume: 0.05, plane: 0.1 };

/** Brightness at the array's faces, as share of the peak. A Gaussian that is cut at 2.5 deviations has 4.4 % there, and lacks 1 %. */
const MAX_ON_FACES = 0.05;

/**
 * Least width at half height, voxels. Two points are told apart at Rayleigh's distance, 1.15 to 1.2 widths of a perfect lens, and
 * half of that is the coarsest voxel: 2 / 1.15. At the Nyquist spacing of wide-field light widths are 1.87 along z and 2.17 across.
 */
const MIN_WIDTH = 1.75;

const COARSE_MEND =
  "Mend the voxel size or the optics if they are stated wrong; else smaller voxels have to be recorded";

/** The image that a PSF is for. */
interface FaultsOptions {
  /** Voxels of the PSF in one of the image, along z, y, x: shifts and widths are told in voxels of the image. */
  readonly voxelRatio: Vec3;
  /** Axes along which the PSF reaches farther than the image is long: what its array cuts off there does not matter. */
  readonly covers: readonly [boolean, boolean, boolean];
}

const NO_IMAGE: FaultsOptions = { voxelRatio: [1, 1, 1], covers: [false, false, false] };

/**
 * Faults of a PSF, each with the mend. None is found in a right one: what lies deep in a sample of another index is lopsided,
 * and its light goes far, but it has its top in the centre and gets dark towards the edge.
 */
export function psfFaults(psf: PsfMeasures, { voxelRatio, covers } = NO_IMAGE): Warning[] {
  return [
    ...offCentre(psf, voxelRatio),
    ...pedestal(psf),
    ...cutOff(psf, covers),
    ...negative(psf),
    ...undersampled(psf),
    ...coarse(psf, voxelRatio),
  ];
}

/** The top of the peak and its centre must agree: light from depth moves the one, noise the other. */
function offCentre({ brightestPoint, peak, arrayCentre }: PsfMeasures, voxelRatio: Vec3): Warning[] {
  const offset = mapAxes((axis) => {
    const [top, middle] = [brightestPoint, peak].map((position) => position[axis] - arrayCentre[axis]);
    const off = Math.min(Math.abs(top), Math.abs(middle)) > MAX_OFFSET && top * middle > 0;
    return off ? top / voxelRatio[axis] : 0;
  });
  if (offset.every((distance) => distance === 0)) return [];
  return [{
    code: "psf-off-centre",
    level: "warning",
    message: `off-centre: its peak lies ` +
      `${offset.map((distance) => distance.toFixed(1)).join(", ")} voxels (z, y, x) from its ` +
      "centre voxel, and results will be moved as far the other way; mend it with psf resample --recentre peak",
    value: [...offset],
    limit: MAX_OFFSET,
  }];
}

function pedestal(psf: PsfMeasures): Warning[] {
  const value = psf.pedestal * psf.max * voxelCount(psf.shape) / psf.sum;
  const limit = psf.shape[0] === 1 ? MAX_PEDESTAL.plane : MAX_PEDESTAL.volume;
  if (value <= limit) return [];
  return [{
    code: "psf-background",
    level: "warning",
    message: `background: a pedestal makes up ` +
      `${percent(value)} of the sum; take it off with psf resample --subtract-background`,
    value,
    limit,
  }];
}

function cutOff({ onFaces, pedestal }: PsfMeasures, covers: FaultsOptions["covers"]): Warning[] {
  const above = mapAxes((axis) => onFaces[axis] - pedestal);
  const cut = axesWhere((axis) => !covers[axis] && above[axis] > MAX_ON_FACES);
  if (cut.length === 0) return [];
  const shares = cut.map((axis) => `${percent(onFaces[axis])} along ${SPATIAL_AXES[axis]}`).join(", ");
  return [{
    code: "psf-cut-off",
    level: "warning",
    message:
      `cut off: at the array's faces it still has ${shares} of its peak; measure or compute it in a larger array, ` +
      "with --shape of psf from-beads or psf generate",
    value: [...above],
    limit: MAX_ON_FACES,
  }];
}

function negative({ negativeShare }: PsfMeasures): Warning[] {
  if (negativeShare === 0) return [];
  return [{
    code: "psf-negative",
    level: "warning",
    message:
      `negative values hold ${percent(negativeShare)} of it; they count as 0 when it is used, and psf resample ` +
      "writes it without them",
    value: negativeShare,
    limit: 0,
  }];
}

function undersampled({ overNyquist }: PsfMeasures): Warning[] {
  const coarse = axesWhere((axis) => (overNyquist?.[axis] ?? 0) > 1);
  if (coarse.length === 0) return [];
  const ratios = coarse.map((axis) => `${overNyquist![axis].toFixed(2)} times along ${SPATIAL_AXES[axis]}`);
  return [{
    code: "psf-undersampled",
    level: "warning",
    message: `undersampled: voxels exceed the Nyquist spacing ${
      ratios.join(", ")
    }; finer detail is lost. ${COARSE_MEND}`,
    value: [...overNyquist!],
    limit: 1,
  }];
}

/** Coarser than half of the resolution, in its own voxels or in those of the image. */
function coarse({ fwhmVoxels, overNyquist }: PsfMeasures, voxelRatio: Vec3): Warning[] {
  // Where the lens is known, it says more than a width.
  if (overNyquist !== undefined) return [];
  const widths = mapAxes((axis) => {
    const width = fwhmVoxels[axis];
    return width === null ? Infinity : width / Math.max(1, voxelRatio[axis]);
  });
  const narrow = axesWhere((axis) => widths[axis] < MIN_WIDTH);
  if (narrow.length === 0) return [];
  const told = narrow.map((axis) => `${widths[axis].toFixed(2)} voxels wide along ${SPATIAL_AXES[axis]}`).join(", ");
  return [{
    code: "psf-coarse",
    level: "warning",
    message: `coarse: its peak is ${told} at half height, less than ${MIN_WIDTH}: voxels are larger than half of the ` +
      `resolution, and finer detail is lost. ${COARSE_MEND}`,
    value: widths.map((width) => Number.isFinite(width) ? width : 0),
    limit: MIN_WIDTH,
  }];
}

function axesWhere(holds: (axis: 0 | 1 | 2) => boolean): (0 | 1 | 2)[] {
  return ([0, 1, 2] as const).filter(holds);
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
