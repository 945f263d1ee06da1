/**
 * Description of a microscope, checked once. Lengths are micrometres, wavelengths are in vacuum; every message names the
 * value found and how to mend it, since most wrong PSFs are a wrong unit.
 */
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** The lens and its light. */
export interface Objective {
  /** Numerical aperture. */
  readonly na: number;
  /** Emission wavelength in vacuum. */
  readonly wavelengthMicrometre: number;
  /** Refractive index of the immersion medium that is used. */
  readonly immersionIndex: number;
}

/** The layers between the lens and the point; the `design` values are those for which the lens is corrected. */
export interface Layers {
  /** Refractive index of the sample around the point. */
  readonly sampleIndex: number;
  /** Depth of the point below the coverslip. */
  readonly depthMicrometre: number;
  readonly immersionDesignIndex: number;
  /** Thickness of the immersion layer for which the lens is corrected: its working distance. */
  readonly workingDistanceMicrometre: number;
  readonly coverslipIndex: number;
  readonly coverslipDesignIndex: number;
  readonly coverslipMicrometre: number;
  readonly coverslipDesignMicrometre: number;
}

/** Layers that do no harm, changed where something else is given. */
export function layersOf(objective: Objective, given: Partial<Layers> = {}): Layers {
  const coverslipIndex = given.coverslipIndex ?? 1.5255;
  const coverslipMicrometre = given.coverslipMicrometre ?? 170;
  return {
    sampleIndex: given.sampleIndex ?? objective.immersionIndex,
    depthMicrometre: given.depthMicrometre ?? 0,
    immersionDesignIndex: given.immersionDesignIndex ?? objective.immersionIndex,
    workingDistanceMicrometre: given.workingDistanceMicrometre ?? 150,
    coverslipIndex,
    coverslipDesignIndex: given.coverslipDesignIndex ?? coverslipIndex,
    coverslipMicrometre,
    coverslipDesignMicrometre: given.coverslipDesignMicrometre ?? coverslipMicrometre,
  };
}

/** @throws {ClearstackError} `invalid-request` for values no objective has */
export function checkObjective({ na, wavelengthMicrometre, immersionIndex }: Objective): void {
  checkIndex("the immersion index", immersionIndex);
  if (!(na > 0 && na < 2)) refuse(`the numerical aperture is ${na}: it is a number such as 1.4, below 2`);
  if (na >= immersionIndex) {
    refuse(
      `a numerical aperture of ${na} needs an immersion medium of higher index than ${na}, but it is ${immersionIndex}: ` +
        `give the index of what the lens is made for (oil 1.515, glycerol 1.47, water 1.33, air 1)`,
    );
  }
  checkWavelength("the wavelength", wavelengthMicrometre);
}

/** @throws {ClearstackError} `invalid-request` for a wavelength that is not light, with the likely slip of unit */
export function checkWavelength(what: string, wavelengthMicrometre: number): void {
  const nanometre = Number((wavelengthMicrometre * 1000).toPrecision(6));
  if (nanometre >= 150 && nanometre <= 3000) return;
  const slip = nanometre >= 0.15 && nanometre <= 3 ? `: write ${Number((nanometre * 1000).toPrecision(6))}` : "";
  refuse(`${what} is ${nanometre} nm: it is given in nanometres, from 150 to 3000${slip}`);
}

/** @throws {ClearstackError} `invalid-request` for layers no sample has */
export function checkLayers(layers: Layers): void {
  checkIndex("the sample's index", layers.sampleIndex);
  checkIndex("the immersion's design index", layers.immersionDesignIndex);
  checkIndex("the coverslip's index", layers.coverslipIndex);
  checkIndex("the coverslip's design index", layers.coverslipDesignIndex);
  checkLength("the depth of the point", layers.depthMicrometre, 5000);
  checkLength("the working distance", layers.workingDistanceMicrometre, 50_000);
  checkLength("the coverslip's thickness", layers.coverslipMicrometre, 5000);
  checkLength("the coverslip's design thickness", layers.coverslipDesignMicrometre, 5000);
}

/** @throws {ClearstackError} `invalid-request` for voxels that are no microscope's */
export function checkVoxel(voxelMicrometre: Vec3): void {
  const fault = voxelFault(voxelMicrometre);
  if (fault === undefined) return;
  const { found, meant } = fault;
  const slip = meant === undefined ? "" : `: write ${meant}`;
  refuse(`the voxel size is ${found}: it is given in micrometres, from 0.001 to 100${slip}`);
}

/** Voxels that are no microscope's as they are written, and what was likely meant; undefined for any others. */
export function voxelFault(
  voxelMicrometre: Vec3,
): { readonly found: string; readonly meant: string | undefined } | undefined {
  const known = voxelMicrometre[0] === 0 ? voxelMicrometre.slice(1) : voxelMicrometre;
  if (known.every((side) => side > 0.0005 && side < 100)) return undefined;
  const written = (scale: number) =>
    formatVec3(mapAxes((axis) => Number((voxelMicrometre[axis] * scale).toPrecision(6))));
  return { found: written(1), meant: known.every((side) => side >= 5) ? written(1e-3) : undefined };
}

/** Nyquist spacing of wide-field light: the coarsest at which no detail is lost. */
export function nyquistMicrometre({ na, wavelengthMicrometre, immersionIndex }: Objective): Vec3 {
  const lateral = wavelengthMicrometre / (4 * na);
  return [wavelengthMicrometre / (2 * focusDepth(na, immersionIndex)), lateral, lateral];
}

/**
 * Widths at half height of a perfect lens: 0.5145 wavelength / NA across (of the Airy pattern) and 0.886 wavelength /
 * (n - sqrt(n^2 - NA^2)) along the axis (of sinc^2), which for small NA is 1.77 n wavelength / NA^2.
 */
export function diffractionWidths({ na, wavelengthMicrometre, immersionIndex }: Objective): Vec3 {
  const lateral = 0.51450 * wavelengthMicrometre / na;
  return [0.88589 * wavelengthMicrometre / focusDepth(na, immersionIndex), lateral, lateral];
}

/** `n - sqrt(n^2 - s^2)`: path that defocus by one unit adds to the ray of aperture `s`; exact for small `s` too. */
export function focusDepth(s: number, index: number): number {
  return (s * s) / (index + Math.sqrt(index * index - s * s));
}

function checkIndex(what: string, index: number): void {
  if (!(index >= 1 && index <= 2.5)) refuse(`${what} is ${index}: refractive indices lie between 1 (air) and 2.5`);
}

function checkLength(what: string, micrometre: number, most: number): void {
  if (micrometre >= 0 && micrometre <= most) return;
  refuse(`${what} is ${micrometre} micrometres: expected 0 to ${most}`);
}

function refuse(message: string): never {
  throw new ClearstackError("invalid-request", message);
}
