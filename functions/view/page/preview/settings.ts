/** Settings of deconvolving in the browser as fields hold them, and the request that they make. */
import { type Algorithm, AlgorithmSchema, type BackendChoice } from "shared/contract/algorithm.ts";
import { ClearstackError } from "shared/errors.ts";
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Picture } from "../data/picture.ts";
import type { Viewer } from "../state/viewer.ts";
import type { PreviewRequest, StatedOptics, WantedRegion } from "./messages.ts";

/** Numbers are text until they are used: a field may be half written. */
export interface PreviewSettings {
  readonly psfFrom: "optics" | "address" | "file";
  /** Of a PSF, `https:` or `http:`. */
  readonly psfAddress: string;
  /** A PSF that was chosen from the visitor's files, and where it was placed. */
  readonly psfFile: { readonly name: string; readonly url: string } | undefined;
  readonly na: string;
  readonly immersionIndex: string;
  readonly sampleIndex: string;
  /** Nanometres, one or one for each channel. */
  readonly emission: string;
  /** Micrometres along z, and along y and x, where the image states no size. */
  readonly voxelDepth: string;
  readonly voxelWidth: string;
  readonly iterations: number;
  readonly totalVariation: number;
  readonly dampingSigmas: number;
  readonly acceleration: Algorithm["acceleration"];
  /** Settings that have no control here, as the result that is shown was made with. */
  readonly others: Partial<Algorithm>;
  readonly backend: BackendChoice;
}

/** Those of a job that says nothing, but with a number of iterations: what the noise decides is told by a job. */
export function defaultSettings(): PreviewSettings {
  const { iterations, totalVariation, dampingSigmas, acceleration } = AlgorithmSchema.parse({ stop: "fixed" });
  return {
    ...{ psfFrom: "optics", psfAddress: "", psfFile: undefined, backend: "auto", others: {} },
    ...{ na: "", immersionIndex: "", sampleIndex: "", emission: "", voxelDepth: "", voxelWidth: "" },
    ...{ iterations, totalVariation, dampingSigmas, acceleration },
  };
}

/** Settings of an algorithm that no control here changes, and that hold for a part of an image as for the whole. */
const OTHERS = ["boundary", "boundaryValue", "start", "background", "saturation", "backProjector"] as const;

/** Fills in what the image states, and what a result, a plan or a view was made with. Fields that were written stay. */
export function fillIn(
  settings: PreviewSettings,
  { stated, record }: { readonly stated: StatedOptics | undefined; readonly record: Readonly<Record<string, unknown>> },
): PreviewSettings {
  const psf = asRecord(Array.isArray(record.psf) ? record.psf[0] : record.psf);
  const optics = asRecord(psf.optics);
  const emissions = Array.isArray(record.psf)
    ? record.psf.map((one) => asRecord(asRecord(one).optics).emissionNanometres)
    : [optics.emissionNanometres];
  const address = typeof psf.url === "string" && /^https?:/i.test(psf.url) ? psf.url : "";
  const text = (written: string, ...known: readonly unknown[]) =>
    written !== "" ? written : String(known.find((value) => value !== undefined && value !== "") ?? "");
  const list = (values: readonly unknown[] = []) => values.every((one) => one !== undefined) ? values.join(", ") : "";
  return {
    ...settings,
    ...algorithmOf(record, settings.iterations),
    psfFrom: address !== "" && settings.psfAddress === "" ? "address" : settings.psfFrom,
    psfAddress: text(settings.psfAddress, address),
    na: text(settings.na, optics.na, stated?.na),
    immersionIndex: text(settings.immersionIndex, optics.immersionIndex, stated?.immersionIndex),
    sampleIndex: text(settings.sampleIndex, optics.sampleIndex),
    emission: text(settings.emission, list(emissions), list(stated?.emissionNanometres)),
  };
}

/**
 * What a record says of the algorithm, as far as it makes sense.
 *
 * @param undecided iterations where a rule has yet to decide them
 */
function algorithmOf(record: Readonly<Record<string, unknown>>, undecided: number): Partial<PreviewSettings> {
  const { name: _, ...stated } = asRecord(record.algorithm);
  const { data } = AlgorithmSchema.safeParse(stated);
  if (data === undefined || Object.keys(stated).length === 0) return {};
  const { totalVariation, dampingSigmas, acceleration } = data;
  const decided = asRecord(record.decisions).iterations;
  const iterations = typeof decided === "number" ? decided : data.stop === "fixed" ? data.iterations : undecided;
  const others = Object.fromEntries(OTHERS.map((key) => [key, data[key]]));
  return { iterations, totalVariation, dampingSigmas, acceleration, others };
}

interface Asked {
  readonly viewer: Viewer;
  readonly image: Picture;
  readonly wanted: WantedRegion;
  readonly stated: StatedOptics | undefined;
}

/** @throws {ClearstackError} `invalid-request` for a field that holds no number, or where all channels are hidden */
export function requestOf(settings: PreviewSettings, { viewer, image, wanted, stated }: Asked): PreviewRequest {
  const { iterations, totalVariation, dampingSigmas, acceleration, others, backend } = settings;
  const channels = viewer.channels.value.flatMap(({ visible }, channel) =>
    visible && channel < image.channels.length ? [channel] : []
  );
  if (channels.length === 0) {
    throw new ClearstackError("invalid-request", "all channels are hidden: show those that are to be deconvolved");
  }
  const needsSize = stated?.voxelMicrometre === undefined && settings.psfFrom === "optics";
  return {
    url: image.url,
    psf: psfOf(settings, { channels, stated }),
    ...(needsSize ? { voxelMicrometre: voxelSize(settings, stated) } : {}),
    channels,
    time: viewer.time.value,
    wanted,
    algorithm: { ...others, iterations, totalVariation, dampingSigmas, acceleration },
    backend,
  };
}

function psfOf(
  settings: PreviewSettings,
  { channels, stated }: { readonly channels: readonly number[]; readonly stated: StatedOptics | undefined },
): PreviewRequest["psf"] {
  const { psfFrom, psfAddress, psfFile } = settings;
  if (psfFrom === "address") {
    if (psfAddress.trim() !== "") return { url: psfAddress.trim() };
    throw new ClearstackError("invalid-request", "no PSF is named: write its address, or state the optics");
  }
  if (psfFrom === "file") {
    if (psfFile !== undefined) return { url: psfFile.url };
    throw new ClearstackError("invalid-request", "no PSF is chosen: choose its file, or state the optics");
  }
  const emissions = settings.emission.split(/[\s,;]+/).filter((part) => part !== "")
    .map((part) => numberOf(part, "emission wavelength"));
  const ofStored = emissions.length > 1 && emissions.length === stated?.emissionNanometres.length;
  const optional = (text: string, what: string) => text.trim() === "" ? undefined : numberOf(text, what);
  const optics = {
    na: optional(settings.na, "numerical aperture"),
    immersionIndex: optional(settings.immersionIndex, "immersion index"),
    sampleIndex: optional(settings.sampleIndex, "sample index"),
    emissionNanometres: emissions.length === 0
      ? undefined
      : ofStored
      ? channels.map((channel) => emissions[channel]!)
      : emissions,
  };
  return { optics: Object.fromEntries(Object.entries(optics).filter(([, value]) => value !== undefined)) };
}

function voxelSize({ voxelDepth, voxelWidth }: PreviewSettings, stated: StatedOptics | undefined): Vec3 {
  if (voxelWidth.trim() === "" || (voxelDepth.trim() === "" && stated?.depth !== 1)) {
    throw new ClearstackError("invalid-request", "the image does not state its voxel size: write it in micrometres");
  }
  const width = numberOf(voxelWidth, "voxel size along y and x");
  return [voxelDepth.trim() === "" ? width : numberOf(voxelDepth, "voxel size along z"), width, width];
}

function numberOf(text: string, what: string): number {
  const value = Number(text.trim().replace(",", "."));
  if (Number.isFinite(value) && value > 0) return value;
  throw new ClearstackError("invalid-request", `the ${what} “${text.trim()}” is no number above 0`);
}
