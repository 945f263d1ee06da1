/** PSFs of jobs that are computed: from what a request and its image state of the optics to voxels. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { ComputedPsf, Optics } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { channelList } from "shared/image/read/select_volumes.ts";
import { channelCount, channelLabel } from "shared/volume/channels.ts";
import { formatVec3 } from "shared/volume/geometry.ts";
import type { StoredPsf } from "../fit_psf.ts";
import { voxelMicrometre } from "../spacing.ts";
import { type DiffractionRequest, generatePsf, opticsWarnings, wideFieldShape } from "./generate_psf.ts";

/**
 * The PSF of each channel of an image, or one where all channels have the same.
 *
 * @param image the selected part of the source
 * @throws {ClearstackError} `invalid-request` for what neither the request nor the image states
 */
export function resolveOptics(optics: Optics, image: ImageInfo): ComputedPsf[] {
  const na = optics.na ?? image.objective?.na ?? missing("na", "the numerical aperture of its lens", "--na");
  const immersionIndex = optics.immersionIndex ?? image.objective?.immersionIndex ??
    missing("immersionIndex", "the refractive index of its immersion", "--index");
  const voxel = voxelMicrometre(image);
  if (voxel === undefined) {
    throw new ClearstackError(
      "invalid-request",
      "the image does not state its voxel size in a unit of length, which a PSF is computed for: state it with " +
        "convert --scale Z,Y,X, or give a PSF",
      { path: "psf.optics" },
    );
  }
  const emissions = emissionsOf(optics.emissionNanometres, image);
  const distinct = emissions.every((emission) => emission === emissions[0]) ? emissions.slice(0, 1) : emissions;
  return distinct.map((emissionNanometres) => ({
    na,
    immersionIndex,
    emissionNanometres,
    sampleIndex: optics.sampleIndex ?? immersionIndex,
    depthMicrometre: optics.depthMicrometre,
    voxelMicrometre: voxel,
  }));
}

function emissionsOf(given: Optics["emissionNanometres"], image: ImageInfo): number[] {
  const count = channelCount(image);
  if (given === undefined) {
    return Array.from({ length: count }, (_, channel) =>
      image.channels?.[channel]?.emissionNanometres ?? missing(
        "emissionNanometres",
        `the emission wavelength${count === 1 ? "" : ` of channel ${channelLabel(image, channel)}`}`,
        "--emission",
      ));
  }
  const emissions = [given].flat();
  if (emissions.length === 1) return Array(count).fill(emissions[0]);
  if (emissions.length === count) return emissions;
  throw new ClearstackError(
    "invalid-request",
    `${emissions.length} emission wavelengths are given for ${count} ${count === 1 ? "channel" : "channels"} (` +
      `${channelList(image)}): give one for all of them, or one for each in this order`,
    { path: "psf.optics.emissionNanometres", value: emissions },
  );
}

function missing(field: keyof Optics, what: string, flag: string): never {
  throw new ClearstackError("invalid-request", `the image does not state ${what}: give ${flag}`, {
    path: `psf.optics.${field}`,
  });
}

/** Metadata of a computed PSF, as if it were stored. */
export function computedInfo(psf: ComputedPsf): ImageInfo {
  const shape = wideFieldShape(requestOf(psf));
  const { voxelMicrometre: voxel } = psf;
  const rank = voxel[0] === 0 ? 2 : 3;
  const axes = axesOf(rank === 2 ? "yx" : "zyx", Array(rank).fill("micrometer"));
  const sides = shape.slice(3 - rank);
  return {
    ...{ url: "", path: "", format: "zarr3", dtype: "float32", identity: "" },
    ...{ shape: sides, chunkShape: sides, axes, scale: voxel.slice(3 - rank) },
  };
}

/**
 * Computes the voxels.
 *
 * @throws {ClearstackError} `invalid-request` for optics that no microscope has, `unsupported` for aberrations beyond computing
 */
export function computePsf(psf: ComputedPsf): StoredPsf {
  const { volume: { shape, values } } = generatePsf(requestOf(psf));
  return { where: computedName(psf), shape, values: Float32Array.from(values) };
}

/** Name for messages. */
export function computedName({ emissionNanometres }: ComputedPsf): string {
  return `the PSF computed for ${emissionNanometres} nm`;
}

/** What a PSF was computed from, and what to know of it, in words. */
export function computedNote(psf: ComputedPsf): string {
  const { na, immersionIndex, sampleIndex, depthMicrometre, voxelMicrometre: voxel } = psf;
  const sample = sampleIndex === immersionIndex ? "" : `, sample of index ${sampleIndex} at ${depthMicrometre} µm`;
  const facts = `NA ${na}, immersion of index ${immersionIndex}${sample}, voxels of ${formatVec3(voxel)} µm (z,y,x)`;
  return [`${computedName(psf)}: ${facts}`, ...opticsWarnings(requestOf(psf))].join("; ");
}

function requestOf(
  { na, immersionIndex, emissionNanometres, sampleIndex, depthMicrometre, voxelMicrometre }: ComputedPsf,
): DiffractionRequest {
  return {
    model: "gibson-lanni",
    objective: { na, immersionIndex, wavelengthMicrometre: emissionNanometres / 1000 },
    layers: { sampleIndex, depthMicrometre },
    voxelMicrometre,
    shape: "auto",
  };
}
