/** Words of the form: labels and units of settings, and texts of the contract without what only the command line has. */
import { AlgorithmSettings } from "shared/contract/algorithm.ts";
import { JobRequestSchema, OutputSchema, TilingSchema } from "shared/contract/job_request.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { OpticsSchema } from "shared/contract/psf_info.ts";
import { settingsOf } from "shared/contract/setting.ts";

/** Labels by path; any other is its name in words. */
const LABELS: Readonly<Record<string, string>> = {
  "source.url": "Image to deconvolve",
  "source.path": "Array or image inside it",
  "source.axes": "Axes of an array that states none",
  "source.pages": "Pages of a TIFF",
  "source.series": "Images of a source that has several",
  "source.allowEmpty": "Accept an image without a stored chunk",
  "select.channels": "Channels",
  "select.times": "Time points",
  "select.box.z": "Crop along z",
  "select.box.y": "Crop along y",
  "select.box.x": "Crop along x",
  "psf": "PSF",
  "psf.url": "PSF to use",
  "psf.path": "Array inside the PSF",
  "psf.axes": "Axes of a PSF that states none",
  "psf.optics.na": "Numerical aperture",
  "psf.optics.immersionIndex": "Refractive index of the immersion",
  "psf.optics.emissionNanometres": "Emission wavelengths",
  "psf.optics.sampleIndex": "Refractive index of the sample",
  "psf.optics.depthMicrometre": "Depth below the coverslip",
  "psfPlane": "Plane of the PSF for a single plane",
  "psfSpacing": "Voxel size of the PSF",
  "algorithm.boundary": "Outside of the image",
  "algorithm.boundaryValue": "Value outside of the image",
  "algorithm.start": "First estimate",
  "algorithm.dampingSigmas": "Damping",
  "algorithm.stop": "Stop by",
  "algorithm.keepEmpty": "Compute empty boxes too",
  "algorithm.emptyBelow": "Empty below",
  "algorithm.otfPrecision": "Precision of the OTF",
  "output.url": "Output to write",
  "output.ifExists": "If the output exists",
  "output.pyramid": "Coarser levels",
  "output.dtype": "Type of the voxels",
  "output.version": "Version of OME-Zarr",
  "output.verify": "Compare checksums",
  "strict": "Refuse what would only be warned of",
  "memoryBytes": "Memory",
  "seamCheck": "Places where seams are measured",
  "priority": "Priority",
  "webhook.url": "Address to tell of the end",
};

/** Units by path. */
export const UNITS: Readonly<Record<string, string>> = {
  "psf.optics.emissionNanometres": "nm",
  "psf.optics.depthMicrometre": "µm",
  "tiling.tile": "voxels z, y, x",
  "tiling.halo": "voxels z, y, x",
  "output.shards": "voxels z, y, x",
  "select.box.z": "voxels",
  "select.box.y": "voxels",
  "select.box.x": "voxels",
  "algorithm.dampingSigmas": "standard deviations",
  "memoryBytes": "such as 2GiB",
};

/** Label of the setting at a path: `totalVariation` is “Total variation” where nothing else is said. */
export function labelOf(path: string): string {
  const name = path.split(".").at(-1)!;
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return LABELS[path] ?? words[0]!.toUpperCase() + words.slice(1);
}

const SCHEMAS = {
  "source.": LocationSchema,
  "psf.optics.": OpticsSchema,
  "algorithm.": AlgorithmSettings,
  "output.": OutputSchema,
  "tiling.": TilingSchema,
  "": JobRequestSchema,
};

/** Labels by flag. */
const OF_FLAGS: ReadonlyMap<string, string> = new Map([
  ["psf", labelOf("psf")],
  ["path", labelOf("source.path")],
  ["axes", labelOf("source.axes")],
  ["crop", "Crop"],
  ["resume", `${labelOf("output.ifExists")}: resume`],
  ["overwrite", `${labelOf("output.ifExists")}: overwrite`],
  ...Object.entries(SCHEMAS).flatMap(([prefix, { shape }]) =>
    settingsOf(shape).map(({ flag, name }) => [flag, labelOf(prefix + name)] as const)
  ),
]);

/** A text of the contract or of the service for a reader of the form: flags by the labels of their fields. */
export function inWords(text: string): string {
  return text.replaceAll(/--([a-z][a-z-]*)/g, (flag, name) => {
    const label = OF_FLAGS.get(name);
    return label === undefined ? flag : `“${label}”`;
  });
}

/** Help of a setting as a sentence. */
export function plainHelp(help: string): string {
  const words = inWords(help).replaceAll("SOURCE", "the image").replaceAll("OUTPUT", "the output");
  return words === "" ? "" : `${words[0]!.toUpperCase()}${words.slice(1)}.`;
}
