/** What is told of a PSF that was fitted to an image. */
import type { Boundary } from "shared/contract/algorithm.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, SPATIAL_AXES, type Vec3 } from "shared/volume/geometry.ts";

/** Share of a PSF's light that may be cropped where that changes what happens inside the image. */
const MAX_LOSS = 0.02;

/**
 * One note for each step of the fit.
 *
 * @param where names the PSF
 * @param psf as it was fitted
 * @param use shape and boundary of the image
 * @throws {ClearstackError} `invalid-request` for a periodic image too small for the PSF
 */
export function fitNotes(
  where: string,
  { fit, shape, normalisation = 1 }: PsfInfo,
  use: { readonly shape: Vec3; readonly boundary: Boundary },
): Warning[] {
  if (fit === undefined) return [];
  const notes: Warning[] = [];
  if (fit.plane !== undefined) {
    const taken = fit.plane === "focus" ? "its plane of focus is taken" : "the sum of its planes is taken";
    const other = fit.plane === "focus" ? "--psf-plane project takes their sum" : "--psf-plane focus takes one plane";
    notes.push({
      code: "psf-plane",
      level: "note",
      message: `${where} has ${fit.stored[0]} planes and the image has one: ${taken} (${other})`,
      value: fit.stored[0],
      limit: 1,
    });
  }
  if (fit.crop !== undefined) notes.push(cropNote(where, { crop: fit.crop, shape, normalisation }, use));
  return notes;
}

function cropNote(
  where: string,
  { crop, normalisation }: { readonly crop: Vec3; readonly shape: Vec3; readonly normalisation: number },
  { shape, boundary }: { readonly shape: Vec3; readonly boundary: Boundary },
): Warning {
  const loss = 1 - 1 / normalisation;
  const percent = `${Number((100 * loss).toPrecision(2))} %`;
  const sides = `the image has ${formatVec3(shape)} voxels`;
  if (boundary === "periodic" && loss > MAX_LOSS) {
    throw new ClearstackError(
      "invalid-request",
      `${where} is larger than a period: ${sides}, and cropping it to ${
        formatVec3(crop)
      } would lose ${percent} of its light, ` +
        `more than ${100 * MAX_LOSS} %; give another boundary than periodic`,
      { need: loss, limit: MAX_LOSS, path: "algorithm.boundary", value: boundary },
    );
  }
  const reach = boundary === "periodic"
    ? "a periodic image uses one period"
    : `no light travels farther than ${
      SPATIAL_AXES.map((name, axis) => `${shape[axis]! - 1} along ${name}`).join(", ")
    }`;
  return {
    code: "psf-cropped",
    level: "note",
    message:
      `${where} is cropped to ${formatVec3(crop)} voxels, which leaves out ${percent} of its light, and normalised ` +
      `again by ${normalisation.toPrecision(5)}: ${sides}, so ${reach}`,
    value: loss,
    ...(boundary === "periodic" ? { limit: MAX_LOSS } : {}),
  };
}
