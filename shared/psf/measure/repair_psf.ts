/** Repairs of a measured PSF before it is used, in the one order that makes sense. */
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { backgroundOf, borderValues, withoutBackground } from "./psf_background.ts";
import { type CentreKind, recentred } from "../centring.ts";
import { cropByEnergy } from "./energy_box.ts";
import { normalised, type PsfVolume, withoutNegatives } from "../psf_volume.ts";
import { radiallyAveraged } from "./radial_average.ts";
import { resampled } from "../resample_psf.ts";

/** Steps, in this order; each is left out unless it is asked for. */
export interface RepairOptions {
  /** A level, or `auto` for that of the array's border. */
  readonly background?: number | "auto" | undefined;
  readonly recentre?: CentreKind | undefined;
  readonly radialAverage?: boolean;
  /** Voxel size to resample to; needs `voxelMicrometre`. */
  readonly resampleTo?: Vec3 | undefined;
  /** Share of the light to keep, above 0 and at most 1. */
  readonly cropEnergy?: number | undefined;
  /** Voxel size of the PSF as it is. */
  readonly voxelMicrometre?: Vec3 | undefined;
}

/** A PSF ready to be written, and what was done. */
export interface RepairedPsf {
  /** Values >= 0 of sum 1. */
  readonly volume: PsfVolume;
  readonly voxelMicrometre: Vec3 | undefined;
  /** Level that was subtracted, in the units of the input. */
  readonly background: number;
  /** Share of magnitudes that were negative and are now 0. */
  readonly negativeShare: number;
}

/**
 * Subtracts background, recentres, averages about the axis, resamples, crops, sets what is negative to 0 and scales to sum 1.
 *
 * @throws {ClearstackError} `invalid-request` where the voxel size is needed and not known, or nothing positive is left
 */
export function repairPsf(volume: PsfVolume, options: RepairOptions): RepairedPsf {
  const { recentre, radialAverage, resampleTo, cropEnergy, voxelMicrometre } = options;
  if (resampleTo !== undefined && voxelMicrometre === undefined) {
    throw new ClearstackError(
      "invalid-request",
      "the PSF does not state its voxel size in micrometres: give it with --psf-voxel Z,Y,X",
    );
  }
  const background = options.background === "auto" ? backgroundOf(borderValues(volume)).level : options.background ?? 0;
  let mended = background === 0 ? volume : withoutBackground(volume, background);
  if (recentre !== undefined) mended = recentred(mended, recentre);
  if (radialAverage) mended = radiallyAveraged(mended, voxelMicrometre ?? [1, 1, 1]);
  if (resampleTo !== undefined) mended = resampled(mended, { from: voxelMicrometre!, to: resampleTo });
  if (cropEnergy !== undefined) mended = cropByEnergy(mended, cropEnergy);
  const { volume: positive, negativeShare } = withoutNegatives(mended);
  return {
    volume: normalised(positive),
    voxelMicrometre: resampleTo ?? voxelMicrometre,
    background,
    negativeShare,
  };
}
