/** PSFs of jobs that are computed: from what a request and its image state of the optics to voxels. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { ComputedPsf, Optics, OpticsFrom } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { channelList } from "shared/image/read/select_volumes.ts";
import { channelCount, channelLabel } from "shared/volume/channels.ts";
import { formatVec3, type Vec3 } from "shared/volume/geometry.ts";
import type { StoredPsf } from "../fit_psf.ts";
import { voxelMicrometre } from "../spacing.ts";
import { type DiffractionRequest, generatePsf, opticsWarnings, wideFieldShape } from "./generate_psf.ts";
import { voxelFault } from "./optics.ts";

/**
 * The PSF of each channel of an image, or one where all channels have the same.
 *
 * @param image the selected part of the source
 * @throws {ClearstackError} `invalid-request` naming all that neither the request nor the image states
 */
export function resolveOptics(optics: Optics, image: ImageInfo): ComputedPsf[] {
  const na = optics.na ?? image.objective?.na;
  const immersionIndex = optics.immersionIndex ?? image.objective?.immersionIndex;
  const emissions = emissionsOf(optics.emissionNanometres, image);
  const voxel = voxelMicrometre(image);
  const unknown = emissions.flatMap((emission, channel) => emission === undefined ? [channel] : []);
  if (na === undefined || immersionIndex === undefined || unknown.length > 0 || voxel === undefined) {
    throw missing([
      ...(na === undefined ? [APERTURE] : []),
      ...(immersionIndex === undefined ? [IMMERSION] : []),
      ...(unknown.length === 0 ? [] : [emissionMissing(unknown, image)]),
      ...(voxel === undefined ? [VOXEL_SIZE] : []),
    ]);
  }
  refuseVoxel(voxel);
  const distinct = emissions.every((emission) => emission === emissions[0]) ? emissions.slice(0, 1) : emissions;
  return distinct.map((emission) => ({
    na,
    immersionIndex,
    emissionNanometres: emission!,
    sampleIndex: optics.sampleIndex ?? immersionIndex,
    depthMicrometre: optics.depthMicrometre,
    voxelMicrometre: voxel,
  }));
}

/** Where the optics of {@link resolveOptics} are stated. */
export function opticsOrigins(
  optics: Optics,
  { emissionFrom = "OME-XML", objectiveFrom = "OME-XML" }: ImageInfo,
): OpticsFrom {
  return {
    na: optics.na === undefined ? objectiveFrom : "request",
    immersionIndex: optics.immersionIndex === undefined ? objectiveFrom : "request",
    emissionNanometres: optics.emissionNanometres === undefined ? emissionFrom : "request",
  };
}

/** Wavelength of each channel; undefined where it is not known. */
function emissionsOf(given: Optics["emissionNanometres"], image: ImageInfo): (number | undefined)[] {
  const count = channelCount(image);
  if (given === undefined) {
    return Array.from({ length: count }, (_, channel) => image.channels?.[channel]?.emissionNanometres);
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

/** Something that a PSF is computed from, which is not known. */
interface Missing {
  readonly what: string;
  readonly mend: string;
  /** Where a request states it. */
  readonly path: string;
}

const APERTURE: Missing = { what: "the numerical aperture of its lens", mend: "--na", path: "psf.optics.na" };

const IMMERSION: Missing = {
  what: "the refractive index of its immersion",
  mend: "--index (oil 1.515, glycerol 1.47, water 1.33, air 1)",
  path: "psf.optics.immersionIndex",
};

const VOXEL_SIZE: Missing = {
  what: "its voxel size in a unit of length",
  mend: "the voxel size with convert --scale Z,Y,X --unit micrometer",
  path: "psf.optics",
};

/** The image states its voxels, not whoever asks: what they find is to be mended there. */
function refuseVoxel(voxel: Vec3): void {
  const fault = voxelFault(voxel);
  if (fault === undefined) return;
  throw new ClearstackError(
    "invalid-request",
    `a PSF is to be computed, and the image states voxels of ${fault.found} µm (z,y,x), which no objective records: ` +
      `state those that it has, from 0.001 to 100, with convert --scale ${fault.meant ?? "Z,Y,X"} --unit micrometer`,
    { path: "psf.optics", value: voxel },
  );
}

/** Channels that a message lists before it leaves the rest out. */
const MAX_LISTED = 16;

function emissionMissing(channels: readonly number[], image: ImageInfo): Missing {
  const several = channels.length > 1;
  const labels = channels.slice(0, MAX_LISTED).map((channel) => channelLabel(image, channel)).join(", ") +
    (channels.length > MAX_LISTED ? ", ..." : "");
  const ofChannel = channelCount(image) === 1 ? "" : ` of ${several ? "channels" : "channel"} ${labels}`;
  const mend = channelCount(image) === 1 ? "--emission" : "--emission (one for all channels, or one for each)";
  return {
    what: `the emission ${several ? "wavelengths" : "wavelength"}${ofChannel}`,
    mend,
    path: "psf.optics.emissionNanometres",
  };
}

function missing(all: readonly Missing[]): ClearstackError {
  const what = listed(all.map((one) => one.what), "or");
  const mend = listed(all.map((one) => one.mend), "and");
  return new ClearstackError(
    "invalid-request",
    `a PSF is to be computed, and the image does not state ${what}: give ${mend}, or give a PSF`,
    { path: all[0]!.path },
  );
}

/** `a`, `a and b`, `a, b and c`. */
function listed(words: readonly string[], last: "and" | "or"): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
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

/** What PSFs were computed from that differ in their wavelengths alone, where that is stated, and what to know of them. */
export function computedNote(psfs: readonly ComputedPsf[], from: OpticsFrom): string {
  const [first] = psfs as [ComputedPsf];
  const { na, immersionIndex, sampleIndex, depthMicrometre, voxelMicrometre: voxel } = first;
  const emissions = listed(psfs.map(({ emissionNanometres }) => `${emissionNanometres}`), "and");
  const origin = (field: keyof OpticsFrom) =>
    from[field] === "request"
      ? "given"
      : from[field] === "clearstack"
      ? "by the record of the image"
      : `by the image's ${from[field]}`;
  const sample = sampleIndex === immersionIndex ? "" : `, sample of index ${sampleIndex} at ${depthMicrometre} µm`;
  const facts =
    `NA ${na} (${origin("na")}), immersion of index ${immersionIndex} (${origin("immersionIndex")})${sample}, ` +
    `voxels of ${formatVec3(voxel)} µm (z,y,x)`;
  const name = `the ${psfs.length === 1 ? "PSF" : "PSFs"} computed for ${emissions} nm (${
    origin("emissionNanometres")
  })`;
  return [`${name}: ${facts}`, ...opticsWarnings(requestOf(first))].join("; ");
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
