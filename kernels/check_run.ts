/**
 * Checks of a box and of a run that both backends make before they begin.
 */
import { ClearstackError } from "shared/errors.ts";
import { isFastBox } from "shared/plan/fast_size.ts";
import { formatVec3, sameShape, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import type { DeconvolverOptions, RunOptions, VoxelData } from "./deconvolver.ts";

/** @throws {ClearstackError} `invalid-request` for a box without fast sides */
export function checkBox(box: Vec3): void {
  if (isFastBox(box)) return;
  throw new ClearstackError(
    "invalid-request",
    `a box of ${formatVec3(box)} voxels has a side that the transforms do not take; grow it with fastBox()`,
  );
}

/** The error for a voxel, counted through the box, that is no number. */
export function corruptVoxel(value: number | undefined, index: number, box: Vec3): ClearstackError {
  return new ClearstackError(
    "corrupt-data",
    `voxel ${
      formatVec3(positionAt(index, box))
    } (z,y,x in the box) is ${value}; replace NaN and infinite values before ` +
      "deconvolving",
  );
}

/** @throws {ClearstackError} `invalid-request` for data or options that do not fit the deconvolver */
export function checkRun(made: DeconvolverOptions, data: VoxelData, options: RunOptions): void {
  const { box, dataType, nonCirculant, backProjector } = made;
  const { iterations, observed, measured, returned, heldOut, into } = options;
  const volumes = [
    ["data", data, box],
    ["held-out photons", heldOut?.values, box],
    ["places for the estimate", into, returned?.shape ?? box],
  ] as const;
  for (const [name, values, shape] of volumes) {
    if (values && values.length !== voxelCount(shape)) {
      throw new ClearstackError(
        "invalid-request",
        `the ${name} have ${values.length} values, but a box of ${formatVec3(shape)} voxels needs ${voxelCount(shape)}`,
      );
    }
  }
  if (dataType === "uint16" && !(data instanceof Uint16Array)) {
    throw new ClearstackError(
      "invalid-request",
      "this deconvolver was made for uint16 data, but the data are float32; make one with dataType float32",
    );
  }
  if (!Number.isInteger(iterations) || iterations < 1) {
    throw new ClearstackError("invalid-request", `iterations must be a whole number of at least 1, not ${iterations}`);
  }
  for (const [name, part] of [["observed", observed], ["measured", measured], ["returned", returned]] as const) {
    if (part && !part.shape.every((side, i) => part.start[i] >= 0 && side > 0 && part.start[i] + side <= box[i])) {
      throw new ClearstackError(
        "invalid-request",
        `the ${name} box at ${formatVec3(part.start)} of ${formatVec3(part.shape)} voxels must lie within the box of ` +
          `${formatVec3(box)} and hold a voxel`,
      );
    }
  }
  if (nonCirculant && backProjector === "wiener-butterworth" && observed && !sameShape(observed.shape, box)) {
    throw new ClearstackError(
      "invalid-request",
      `the Wiener-Butterworth projector cannot leave voxels unobserved, but only ${formatVec3(observed.shape)} of ` +
        `${formatVec3(box)} are observed; use the matched projector or another boundary`,
    );
  }
}
