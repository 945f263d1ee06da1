/** Holding photons of a tile's box out. */
import type { VoxelData } from "kernels/deconvolver.ts";
import type { PilotTask } from "shared/contract/pilot.ts";
import { mapAxes } from "shared/volume/geometry.ts";
import { axisMaps } from "shared/image/read/axis_map.ts";
import { type PhotonSplit, splitPhotons } from "shared/decide/photon_split.ts";
import { placeInVolume } from "shared/volume/spatial.ts";

/** A task on the kept photons, and both kinds of photons. */
interface HeldOutBox extends PhotonSplit {
  /** The algorithm, with what it says of intensities in units of the kept photons. */
  readonly algorithm: PilotTask["algorithm"];
  /** Expected ratio of held-out to kept photons. */
  readonly ratio: number;
}

/**
 * Splits the photons of a box as the task says; every tile that holds a voxel, also in its halo, splits it in the same way.
 *
 * @param values the box of the task, x contiguous; it is only read
 */
export function holdOut(
  values: VoxelData,
  { algorithm, source, tile, repeated, heldOut: { fraction, seed, photonsPerUnit } }: PilotTask & {
    readonly heldOut: NonNullable<PilotTask["heldOut"]>;
  },
): HeldOutBox {
  const { start: first, whole: imageShape } = placeInVolume(source);
  const box = { ...tile.box, start: mapAxes((axis) => first[axis] + tile.box.start[axis]) };
  const split = splitPhotons(values, {
    seed,
    heldOutFraction: fraction,
    unitsPerPhoton: 1 / photonsPerUnit,
    imageShape,
    volume: tile.outer.reduce((volume, index, axis) => volume * source.shape[axis]! + index, 0),
    coordinates: axisMaps({ box, whole: imageShape, repeated }, algorithm.boundary),
  });
  const kept = 1 - fraction;
  const { background, scale, mean } = algorithm;
  return {
    ...split,
    algorithm: {
      ...algorithm,
      ...(background === undefined ? {} : { background: kept * background }),
      ...(scale === undefined ? {} : { scale: kept * scale }),
      ...(mean === undefined ? {} : { mean: kept * mean }),
    },
    ratio: fraction / kept,
  };
}
