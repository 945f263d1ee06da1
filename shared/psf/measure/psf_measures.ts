/** Measures of a PSF. */
import type { Vec3 } from "shared/volume/geometry.ts";

/** Triples are in the order z, y, x; positions are voxel indices. */
export interface PsfMeasures {
  readonly shape: Vec3;
  readonly voxelMicrometre?: Vec3;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Share of the magnitudes that is negative. */
  readonly negativeShare: number;
  /** Voxel that the kernels take for the centre. */
  readonly arrayCentre: Vec3;
  readonly brightestVoxel: Vec3;
  /** Top of the peak, between voxels. */
  readonly brightestPoint: Vec3;
  /** Centre of the peak, which lopsided light draws away from its top: see {@link centreOfPeak}. */
  readonly peak: Vec3;
  readonly centreOfMass: Vec3;
  /** Full width at half height; null where the array ends before that. */
  readonly fwhmVoxels: readonly (number | null)[];
  readonly fwhmMicrometre?: readonly (number | null)[];
  /** Half widths that hold 99.9 % of the light: see {@link energyRadius}. */
  readonly energyRadius: Vec3;
  /** Level that all voxels have in common, as share of the peak. */
  readonly pedestal: number;
  /** Brightest voxel on the faces across each axis, as share of the peak. */
  readonly onFaces: Vec3;
  /** Coarsest spacing that loses no detail of wide-field light. */
  readonly nyquistMicrometre?: Vec3;
  /** Voxel size over that spacing: above 1 is too coarse. */
  readonly overNyquist?: Vec3;
}
