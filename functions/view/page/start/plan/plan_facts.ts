/** Facts of a plan for people, in the order of the line: image, PSF, tiles, memory, time. */
import { counted } from "shared/counted.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Plan } from "shared/contract/plan.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { estimatedIterations, iterationWords, plannedIterations } from "shared/plan/iteration_bounds.ts";
import { shortNumber, unitSymbol } from "../../state/scale_bar.ts";

/** A fact and its name. */
export type Fact = readonly [name: string, value: string];

/** Channels that are named before the rest is left out. */
const MAX_NAMED = 12;

const times = (sides: readonly number[]) => sides.join(" × ");

/** What the service says of the image. */
export function sourceFacts(
  { axes, shape, scale, dtype, format, channels, objective, emissionFrom }: ImageInfo,
): Fact[] {
  const space = axes.flatMap(({ type, unit }, axis) => type === "space" ? [{ side: scale[axis]!, unit }] : []);
  const unit = space.at(-1)!.unit;
  const isTold = channels?.some(({ name, emissionNanometres }) =>
    name !== undefined || emissionNanometres !== undefined
  );
  const names = (isTold ? channels! : []).map(({ name, emissionNanometres }, index) =>
    `${name ?? index}${emissionNanometres === undefined ? "" : ` (${emissionNanometres} nm)`}`
  );
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
  const lens = [
    ...(objective?.na === undefined ? [] : [`NA ${objective.na}`]),
    ...(objective?.immersionIndex === undefined ? [] : [`immersion of index ${objective.immersionIndex}`]),
  ];
  return [
    [`Size ${axes.map(({ name }) => name).join(", ")}`, times(shape)],
    [
      "Voxel",
      unit === undefined
        ? "no size stated"
        : `${times(space.map(({ side }) => Number(shortNumber(side))))} ${unitSymbol(unit)}`,
    ],
    ["Type", `${dtype}, ${format === "tiff" ? "TIFF" : `Zarr v${format.slice(-1)}`}`],
    ...(names.length === 0 ? [] : [["Channels", names.slice(0, MAX_NAMED).join(", ") + more] as const]),
    ...(lens.length === 0 ? [] : [["Lens", `${lens.join(", ")} (OME-XML)`] as const]),
    ...(emissionFrom === undefined ? [] : [["Wavelengths from", emissionFrom] as const]),
  ];
}

/** What is to be done. */
export function planFacts(plan: Plan): Fact[] {
  const { psf, tile, grid, tiles, box, halo, levels } = plan;
  return [
    [
      "PSF",
      `${times(psf.shape)}${psf.optics === undefined ? "" : ", computed"}${psf.fit === undefined ? "" : ", fitted"}`,
    ],
    ["Iterations", iterationWords(plan)],
    ["Tiles", `${tiles.toLocaleString("en")} (${times(grid)} in each volume)`],
    ["Tile, halo", `${times(tile)}, ${times(halo)}`],
    ["Box", `${times(box)}, ${shortNumber(plan.inflation)} voxels computed for each useful one`],
    ["Memory", `${formatBytes(plan.hostBytes)} host, ${formatBytes(plan.deviceBytes)} device`],
    ["To read", formatBytes(plan.bytesRead)],
    ["To write", `${formatBytes(plan.bytesWritten)} before compression, ${counted(levels.length, "coarser level")}`],
  ];
}

/** How long it takes, and what it costs where the service has a price. */
export function estimateFacts(plan: Plan): Fact[] {
  const { estimate, voxels, inflation, algorithm } = plan;
  const work = voxels * inflation * plannedIterations(algorithm);
  return [
    [
      "Time",
      estimate === undefined
        ? "not known"
        : `about ${formatTime(estimate.kernelSeconds)} of the device${estimatedIterations(plan)}`,
    ],
    ...(estimate === undefined ? [] : [["Estimated by", BASES[estimate.basis]] as const]),
    ["Cost", estimate?.cost === undefined ? "this service has no price" : costWords(estimate.cost)],
    ["Work", `${shortNumber(work)} voxels times iterations`],
  ];
}

const BASES = {
  measured: "the pace of earlier jobs on this device",
  default: "the kind of the device: it has not run a job yet",
};

/** An amount of money. */
export function costWords({ amount, currency }: { readonly amount: number; readonly currency: string }): string {
  return `${amount < 0.01 && amount > 0 ? "less than 0.01" : amount.toFixed(2)} ${currency}`;
}

/** `1 h 05 min`, `3 min 20 s`, `12 s`. */
export function formatTime(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${pad(Math.floor(whole % 3600 / 60))} min`;
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${pad(whole % 60)} s` : `${whole} s`;
}
