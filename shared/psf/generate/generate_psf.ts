/** Computed PSFs: from a description of the microscope to voxels of sum 1. */
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { cropByEnergy } from "../measure/energy_box.ts";
import { GAUSSIAN_FWHM, gaussianPsf } from "./gaussian_psf.ts";
import type { LightModel } from "./light_model.ts";
import { brightestDepth, inLightSheet, onAxis, productOf, throughPinhole, wideField } from "./light_model.ts";
import type { Layers, Objective } from "./optics.ts";
import { checkLayers, checkObjective, checkVoxel, checkWavelength, diffractionWidths, layersOf } from "./optics.ts";
import { normalised, type PsfVolume } from "../psf_volume.ts";
import { bornWolfPupil, gibsonLanniPupil, type Pupil } from "./pupil.ts";
import { voxelise } from "./voxelise.ts";

/** The models of diffraction; `light-sheet` is `gibson-lanni` times the sheet. */
const DIFFRACTION_MODELS = ["born-wolf", "gibson-lanni", "light-sheet"] as const;

export const PSF_MODELS = ["gaussian", ...DIFFRACTION_MODELS] as const;
export type PsfModel = typeof PSF_MODELS[number];

interface VoxelRequest {
  /** z is 0 for a single plane without thickness. */
  readonly voxelMicrometre: Vec3;
  readonly shape: Vec3 | "auto";
}

interface GaussianRequest extends VoxelRequest {
  readonly model: "gaussian";
  readonly widthsMicrometre: Vec3;
}

/** A microscope. */
export interface DiffractionRequest extends VoxelRequest {
  readonly model: typeof DIFFRACTION_MODELS[number];
  readonly objective: Objective;
  /** For `gibson-lanni` and `light-sheet`. */
  readonly layers?: Partial<Layers>;
  /** For `born-wolf` and `gibson-lanni`: excitation through the same lens, and a pinhole in Airy units (diameters). */
  readonly confocal?: { readonly excitationMicrometre: number; readonly pinholeAiry: number };
  /** For `light-sheet`: thickness of the sheet at half height. */
  readonly sheetMicrometre?: number;
}

/** PSF to compute. */
export type PsfRequest = GaussianRequest | DiffractionRequest;

interface GeneratedPsf {
  /** Sum 1, centred on the brightest point of the axis. */
  readonly volume: PsfVolume;
  /** Depth of the centre in the model's terms: see {@link gibsonLanniPupil}. */
  readonly focusMicrometre: number;
  readonly warnings: readonly string[];
}

/** Half widths that `auto` does not go beyond, voxels. */
const MAX_AUTO: Vec3 = [64, 64, 64];

/** Share of its peak below which the axis of wide-field light is left out by `auto`. */
const FAINTEST_WIDE_FIELD = 1e-2;

/** Light that `auto` keeps where light ends at all. */
const AUTO_ENERGY = 0.999;

/** More voxels than this are a slip of the pen. */
const MAX_VOXELS = 2 ** 28;

/**
 * Computes a PSF.
 *
 * @throws {ClearstackError} `invalid-request` for what no microscope has, `unsupported` for aberrations beyond computing
 *
 * @example
 * ```ts
 * import { generatePsf } from "@clearstack/clearstack";
 *
 * const { volume } = generatePsf({
 *   model: "born-wolf",
 *   objective: { na: 0.5, wavelengthMicrometre: 0.52, immersionIndex: 1 },
 *   voxelMicrometre: [1, 0.25, 0.25],
 *   shape: [5, 9, 9],
 * });
 * console.log(volume.shape, volume.values.reduce((sum, value) => sum + value, 0).toFixed(3)); // [ 5, 9, 9 ] 1.000
 * ```
 */
export function generatePsf(request: PsfRequest): GeneratedPsf {
  checkVoxels(request);
  if (request.model === "gaussian") return { volume: gaussian(request), focusMicrometre: 0, warnings: [] };
  checkMicroscope(request);
  const { model, focus } = microscope(request);
  const { voxelMicrometre } = request;
  // Confocal and light-sheet light ends; wide-field light is only spread ever thinner.
  const ends = request.confocal !== undefined || request.model === "light-sheet";
  const shape = request.shape === "auto"
    ? autoShape(model, focus, request, ends ? 1e-5 : FAINTEST_WIDE_FIELD)
    : request.shape;
  const volume = voxelise(model, { shape, voxelMicrometre, centreDepth: focus });
  const cropped = request.shape === "auto" && ends ? cropByEnergy(volume, AUTO_ENERGY) : volume;
  return { volume: normalised(cropped), focusMicrometre: focus, warnings: opticsWarnings(request) };
}

/**
 * The shape that `auto` stands for where light does not end: of a wide-field microscope.
 *
 * @throws {ClearstackError} as {@link generatePsf}
 */
export function wideFieldShape(request: DiffractionRequest): Vec3 {
  checkVoxels(request);
  checkMicroscope(request);
  const { model, focus } = microscope(request);
  return autoShape(model, focus, request, FAINTEST_WIDE_FIELD);
}

function gaussian({ widthsMicrometre, voxelMicrometre, shape }: GaussianRequest): PsfVolume {
  if (!widthsMicrometre.every((width, axis) => width > 0 || voxelMicrometre[axis] === 0)) {
    throw new ClearstackError("invalid-request", "the widths of a Gaussian must be above 0 micrometres");
  }
  const sigma = mapAxes((axis) =>
    voxelMicrometre[axis] === 0 ? 0 : widthsMicrometre[axis] / GAUSSIAN_FWHM / voxelMicrometre[axis]
  );
  if (shape !== "auto") return normalised(gaussianPsf(shape, sigma));
  const half = mapAxes((axis) => Math.min(Math.ceil(5 * sigma[axis]), MAX_AUTO[axis]));
  return normalised(cropByEnergy(gaussianPsf(oddShape(half), sigma), AUTO_ENERGY));
}

/** The light of a request, and the depth at which it is brightest. */
function microscope(request: DiffractionRequest): { model: LightModel; focus: number } {
  const { objective, confocal, sheetMicrometre } = request;
  const emission = wideField(pupilOf(request, objective));
  if (confocal !== undefined) {
    const excitation = pupilOf(request, { ...objective, wavelengthMicrometre: confocal.excitationMicrometre });
    const pinhole = confocal.pinholeAiry * 0.61 * objective.wavelengthMicrometre / objective.na;
    const model = productOf(wideField(excitation), pinhole === 0 ? emission : throughPinhole(emission, pinhole));
    return { model, focus: brightestDepth(model) };
  }
  const focus = brightestDepth(emission);
  return { model: sheetMicrometre === undefined ? emission : inLightSheet(emission, sheetMicrometre, focus), focus };
}

function pupilOf({ model, layers }: DiffractionRequest, objective: Objective): Pupil {
  return model === "born-wolf" ? bornWolfPupil(objective) : gibsonLanniPupil(objective, layersOf(objective, layers));
}

/**
 * Depth: to where the axis stays below `faintest` of its peak; 1 % is the third zero of a perfect lens. Width: the cone of light
 * at that depth and three widths of the focus. Each plane of wide-field light carries the same energy, so no box holds it all.
 */
function autoShape(
  model: LightModel,
  focus: number,
  { objective, voxelMicrometre }: DiffractionRequest,
  faintest: number,
): Vec3 {
  const [height, ...sides] = voxelMicrometre;
  const { na, immersionIndex } = objective;
  const farthest = MAX_AUTO[0] * height;
  const intensity = onAxis(model, [focus - farthest, focus + farthest]);
  const peak = intensity(focus);
  let depth = farthest;
  const step = Math.PI / model.bandwidth.axial / 4;
  while (depth > step && Math.max(intensity(focus - depth), intensity(focus + depth)) < faintest * peak) depth -= step;
  const cone = depth * na / Math.sqrt(immersionIndex ** 2 - na ** 2) + 3 * diffractionWidths(objective)[1];
  const half = [height === 0 ? 0 : depth / height, cone / sides[0], cone / sides[1]];
  return oddShape(mapAxes((axis) => Math.min(MAX_AUTO[axis], Math.ceil(half[axis]))));
}

function oddShape(half: Vec3): Vec3 {
  return mapAxes((axis) => 2 * half[axis] + 1);
}

function checkVoxels({ voxelMicrometre, shape }: VoxelRequest): void {
  checkVoxel(voxelMicrometre);
  if (shape === "auto") return;
  if (voxelCount(shape) > MAX_VOXELS) {
    refuse(`a PSF of ${shape.join(" x ")} voxels is too large: give sides whose product is at most ${MAX_VOXELS}`);
  }
  if (voxelMicrometre[0] === 0 && shape[0] !== 1) {
    refuse(`a PSF of ${shape[0]} planes needs a voxel size of three numbers, z,y,x`);
  }
}

function checkMicroscope({ model, objective, layers, confocal, sheetMicrometre }: DiffractionRequest): void {
  checkObjective(objective);
  if (model !== "born-wolf") checkLayers(layersOf(objective, layers));
  if (model === "light-sheet" && !((sheetMicrometre ?? 0) > 0)) {
    refuse("the light-sheet model needs the thickness of the sheet at half height, above 0 micrometres");
  }
  if (confocal === undefined) return;
  const { excitationMicrometre, pinholeAiry } = confocal;
  checkWavelength("the excitation wavelength", excitationMicrometre);
  if (excitationMicrometre >= objective.wavelengthMicrometre) {
    refuse("the excitation wavelength must be shorter than the emission wavelength: are they exchanged?");
  }
  if (!(pinholeAiry >= 0 && pinholeAiry <= 10)) {
    refuse(`the pinhole is ${pinholeAiry} Airy units: expected 0 (closed) to 10; an open one is not confocal`);
  }
}

function refuse(message: string): never {
  throw new ClearstackError("invalid-request", message);
}

/** What to know of a PSF of these optics, in words. */
export function opticsWarnings({ model, objective, layers }: DiffractionRequest): string[] {
  const { na, immersionIndex } = objective;
  if (model === "born-wolf") {
    return na / immersionIndex <= 0.7 ? [] : [
      `the Born-Wolf model is paraxial and overstates the depth of focus of a lens of NA ${na}: prefer gibson-lanni`,
    ];
  }
  const { sampleIndex } = layersOf(objective, layers);
  return na <= sampleIndex ? [] : [
    `rays beyond the sample's index ${sampleIndex} are left out of NA ${na}: they reach only points at the coverslip`,
  ];
}
