/** Facts of a deconvolution for people: out of the `clearstack` attribute of an output, or out of a plan. */
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import { shortNumber } from "../state/scale_bar.ts";

/** A fact and its name. */
type Fact = readonly [name: string, value: string];

/** Longest value that is shown. */
const MAX_CHARACTERS = 200;

/** What is known, in the order of the line: input, algorithm, tiles, machine. Nothing of it is relied on. */
export function resultFacts(record: Readonly<Record<string, unknown>>): Fact[] {
  const { algorithm, decisions, tile, halo, box, tiles, backend, source, psf, finished, version, estimate, seam } =
    record;
  const { name, iterations, stop = "fixed", acceleration, boundary } = asRecord(algorithm);
  const decided = asRecord(decisions).iterations;
  const { adapters, count, kernelSeconds, seconds } = asRecord(tiles);
  const facts: (readonly [string, unknown])[] = [
    ["Algorithm", name === undefined ? undefined : String(name).replace("richardson-lucy", "Richardson-Lucy")],
    ["Iterations", decided ?? (stop === "fixed" || iterations === undefined ? iterations : `at most ${iterations}`)],
    ["Acceleration", acceleration],
    ["Boundary", boundary],
    ["PSF", psfWords(psf)],
    ["Tile z, y, x", sides(tile)],
    ["Halo z, y, x", sides(halo)],
    ["Box z, y, x", sides(box)],
    ["Tiles", typeof tiles === "number" ? tiles : count],
    ["Backend", backend],
    ["Computed by", Object.keys(asRecord(adapters)).join("; ") || undefined],
    ["Kernel time", secondsWords(kernelSeconds ?? asRecord(estimate).deviceSeconds)],
    ["Time of tiles", secondsWords(seconds)],
    ["Seams", seamWords(seam)],
    ["Source", asRecord(source).url],
    ["Finished", typeof finished === "string" ? finished.replace("T", " ").replace(/\.\d+Z$/, " UTC") : undefined],
    ["Version", version],
  ];
  return facts.flatMap(([title, value]): Fact[] =>
    typeof value === "string" || typeof value === "number" ? [[title, String(value).slice(0, MAX_CHARACTERS)]] : []
  );
}

/** Warnings that the plan gave, as sentences. */
export function resultWarnings({ warnings }: Readonly<Record<string, unknown>>): string[] {
  if (!Array.isArray(warnings)) return [];
  return warnings.map((one) => asRecord(one).message).filter((message) => typeof message === "string");
}

function sides(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    return value.flat().every((side) => typeof side === "number") ? value.flat().join(" × ") : undefined;
  }
  const record = asRecord(value);
  const along = ["z", "y", "x"].map((axis) => record[axis]);
  return along.every((side) => side !== undefined) ? along.map((side) => String(side)).join(" × ") : undefined;
}

function psfWords(psf: unknown): string | undefined {
  const { url, shape, optics } = asRecord(Array.isArray(psf) ? psf[0] : psf);
  const size = sides(shape);
  const from = typeof url === "string"
    ? url.split("/").at(-1)
    : optics === undefined
    ? undefined
    : "computed from optics";
  const words = [from, size].filter((part) => part !== undefined).join(", ");
  const more = Array.isArray(psf) && psf.length > 1 ? ` and ${psf.length - 1} more` : "";
  return words === "" ? undefined : words + more;
}

function secondsWords(value: unknown): string | undefined {
  return typeof value === "number" && Number.isFinite(value) ? `${shortNumber(value)} s` : undefined;
}

function seamWords(seam: unknown): string | undefined {
  const { largest, places } = asRecord(seam);
  return typeof largest === "number" && typeof places === "number"
    ? `${shortNumber(largest)} of the peak at most, at ${places} ${places === 1 ? "place" : "places"}`
    : undefined;
}
