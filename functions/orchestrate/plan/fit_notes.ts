/** What is told of a PSF that was fitted to an image, and of one that may not go with it. */
import type { Warning } from "shared/contract/problem.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, mapAxes, SPATIAL_AXES, type Vec3 } from "shared/volume/geometry.ts";
import { otherSpacing, type PsfUse, SAME_SPACING, type StoredForm } from "shared/psf/choose_fit.ts";
import { formatSpacing, type Spacing } from "shared/psf/spacing.ts";

/** Share of a PSF's light that may be cropped where that changes what happens inside the image. */
const MAX_LOSS = 0.02;

/** Share of its light from which a PSF that is larger than the image along each axis is hardly its PSF. */
const SWAPPED_LOSS = 0.5;

/**
 * One note for each step of the fit.
 *
 * @param psf as it is stored
 * @param info as it was fitted
 * @param use the image
 * @throws {ClearstackError} `invalid-request` for a periodic image too small for the PSF
 */
export function fitNotes({ where, spacing }: StoredForm, { fit, normalisation = 1 }: PsfInfo, use: PsfUse): Warning[] {
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
  if (fit.resample !== undefined) {
    notes.push({
      code: "psf-resampled",
      level: "note",
      message: `${where} has the voxel size ${formatSpacing(spacing)}, the image ` +
        `${formatSpacing(use.spacing)}: it is resampled ` +
        "to that of the image (--psf-spacing keep uses it as it is)",
      ...figures(spacing, use.spacing),
    });
  }
  if (fit.crop !== undefined) notes.push(cropNote(where, { ...fit, crop: fit.crop, normalisation }, use));
  return notes;
}

function cropNote(
  where: string,
  { stored, crop, normalisation }: { readonly stored: Vec3; readonly crop: Vec3; readonly normalisation: number },
  { shape, boundary }: PsfUse,
): Warning {
  const loss = 1 - 1 / normalisation;
  const percent = `${Number((100 * loss).toPrecision(2))} %`;
  const sides = `the image has ${formatVec3(shape)} voxels`;
  if (boundary === "periodic" && loss > MAX_LOSS) {
    throw new ClearstackError(
      "invalid-request",
      `${where} is larger than a period: ${sides}, and cropping it to ` +
        `${formatVec3(crop)} would lose ${percent} of its light, ` +
        `more than ${100 * MAX_LOSS} %; give another boundary than periodic`,
      { need: loss, limit: MAX_LOSS, path: "algorithm.boundary", value: boundary },
    );
  }
  const reach = boundary === "periodic" ? "a periodic image uses one period" : `no light travels farther than ` +
    `${SPATIAL_AXES.map((name, axis) => `${shape[axis]! - 1} along ${name}`).join(", ")}`;
  const isSwapped = loss > SWAPPED_LOSS && stored.every((side, axis) => side > shape[axis]!);
  return {
    code: "psf-cropped",
    level: isSwapped ? "warning" : "note",
    message:
      `${where} is cropped to ${formatVec3(crop)} voxels, which leaves out ${percent} of its light, and normalised ` +
      `again by ${normalisation.toPrecision(5)}: ${sides}, so ${reach}` +
      (isSwapped ? "; are the image and its PSF swapped?" : ""),
    value: loss,
    ...(boundary === "periodic" ? { limit: MAX_LOSS } : isSwapped ? { limit: SWAPPED_LOSS } : {}),
  };
}

/** What is told of voxel sizes that were not compared, or not heeded. */
export function spacingWarnings(stored: StoredForm, use: PsfUse, inMemory: boolean): Warning[] {
  const { where, spacing } = stored;
  const used = mapAxes((axis) => axis === 0 && use.shape[0] === 1 ? 1 : stored.shape[axis]);
  const axes = ([0, 1, 2] as const).filter((axis) => used[axis] > 1);
  const unstated = [
    ...(axes.some((axis) => spacing[axis] === undefined) ? [where] : []),
    ...(axes.some((axis) => use.spacing[axis] === undefined) ? ["the image"] : []),
  ];
  // A program that passes arrays without a size knows what it passes.
  if (unstated.length > 0 && !(inMemory && [...spacing, ...use.spacing].every((side) => side === undefined))) {
    return [{
      code: "psf-spacing-unknown",
      level: "warning",
      message: `voxel size: ${unstated.join(" and ")} ` +
        `${unstated.length > 1 ? "do" : "does"} not state it in a unit of length ` +
        `(PSF ${formatSpacing(spacing)}, image ` +
        `${formatSpacing(use.spacing)}), so it was not compared; state that of a PSF with ` +
        "psf resample --psf-voxel Z,Y,X, that of an image with convert --scale Z,Y,X",
    }];
  }
  if (use.psfSpacing !== "keep" || otherSpacing(spacing, use.spacing, used).length === 0) return [];
  return [{
    code: "psf-spacing-kept",
    level: "note",
    message: `${where} has the voxel size ${formatSpacing(spacing)}, the image ` +
      `${formatSpacing(use.spacing)}, and is used as it ` +
      `is: they differ by more than ${100 * SAME_SPACING} %`,
    ...figures(spacing, use.spacing),
  }];
}

function figures(psf: Spacing, image: Spacing): Pick<Warning, "value" | "limit"> {
  const [value, limit] = [psf, image].map((spacing) => spacing.map((side) => side ?? 0));
  return { value, limit };
}
