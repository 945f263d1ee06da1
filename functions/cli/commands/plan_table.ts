/** A plan as a table for people. */
import { counted } from "shared/counted.ts";
import { channelLabel } from "shared/volume/channels.ts";
import { type Algorithm, AlgorithmSchema, AlgorithmSettings } from "shared/contract/algorithm.ts";
import type { Estimate } from "shared/contract/cost.ts";
import type { Device } from "shared/contract/device.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { settingsOf } from "shared/contract/setting.ts";
import type { MemoryTerms, Plan } from "shared/contract/plan.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { formatSeconds } from "./progress_display.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { estimatedIterations, iterationWords } from "shared/plan/iteration_bounds.ts";

/** Tiles of 190 x 512 x 512 with 64 voxels more on every side, for a PSF of 128: 318 x 640 x 640 / (190 x 512 x 512). */
const PIPELINE_OF_2020 = 2.6;

/** Voxels computed for each useful one, from where on a volume in one piece is small for its PSF. */
const MANY = 1.5;

interface PlanTableOptions {
  /** Host memory that the job may use, bytes. */
  readonly hostLimit: number;
  /** With what memory is for. */
  readonly verbose: boolean;
  /** True if the output is a TIFF, and chunks are those of the Zarr that it is made of. */
  readonly tiff: boolean;
}

/** The plan in lines of `name  value`. */
export function planTable(
  plan: Plan,
  { backend, adapter }: Pick<Device, "backend" | "adapter">,
  { hostLimit, verbose, tiff }: PlanTableOptions,
): string {
  const { source } = plan;
  const rows: [string, string][] = [
    [
      "source",
      `${times(source.shape)} ${source.dtype} (${source.axes.map(({ name }) => name).join("")}), ` +
      `${source.format}, chunks ${times(source.chunkShape)}`,
    ],
    ...selectionRows(source),
    ...psfRows(plan),
    ["algorithm", algorithm(plan)],
    ["device", `${backend} (${adapter})`],
    ...(plan.estimate ? estimateRows(plan.estimate, plan) : []),
    [
      "tiles",
      `${plan.tiles} (${times(plan.grid)}${
        plan.outerShape.length > 0
          ? `, ${times(plan.outerShape)} ${plan.outerShape.every((side) => side === 1) ? "volume" : "volumes"}`
          : ""
      })`,
    ],
    ["tile", times(plan.tile)],
    // Where no tile meets another, nothing is read beyond it but what lies outside of the image.
    ...(plan.grid.some((count) => count > 1) ? [["halo", plan.halo.join(", ")] as [string, string]] : []),
    ["box", `${times(plan.box)}, ${describeOverlap(plan)}`],
    ["output", `${tiff ? "TIFF, made of an " : ""}OME-Zarr ${plan.omeVersion}, ${storedType(plan)}`],
    ["output chunks", times(plan.chunk)],
    ...(plan.shard ? [["output shards", shards(plan, plan.shard)] as [string, string]] : []),
    ...(plan.levels.length > 0
      ? [["coarser levels", plan.levels.map(({ shape }) => times(shape)).join(", ")] as [string, string]]
      : []),
    ["in flight", counted(plan.concurrency, "tile")],
    [
      "memory",
      `host memory ${formatBytes(plan.hostBytes)} of ${formatBytes(hostLimit)}, device memory ` +
      formatBytes(plan.deviceBytes),
    ],
    ...(verbose ? [["for host", terms(plan.hostMemory)] as [string, string]] : []),
    ...(verbose && plan.deviceBytes > 0 ? [["for device", terms(plan.deviceMemory)] as [string, string]] : []),
    ["to read", `${formatBytes(plan.bytesRead)}, ${plan.readAmplification.toFixed(2)} times the image`],
    ["to write", `${formatBytes(plan.bytesWritten)} before compression`],
    ["plan", plan.planHash.slice(0, 16)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

/**
 * What is computed beyond the voxels of tiles: where they overlap, it is the price of cutting; around what is computed in one piece,
 * it is room for light that comes from beyond its edges.
 */
function describeOverlap({ grid, inflation, psf }: Plan): string {
  const amount = inflation.toFixed(inflation < 10 ? 2 : 0);
  if (voxelCount(grid) > 1) {
    return `${amount} voxels computed for each useful one (${PIPELINE_OF_2020} in the Dask and CuPy pipeline of 2020)`;
  }
  if (inflation < MANY) return `all in one piece, ${amount} voxels computed for each of it`;
  return `all in one piece, with the reach of the PSF (${
    times(psf.shape)
  }) around it: ${amount} voxels computed for each ` +
    "of it; a smaller PSF or --halo takes less";
}

/** Selected part of a stored image, where it is not all of it. */
function selectionRows(source: ImageInfo): [string, string][] {
  const { channels, times, box } = source.selection ?? {};
  const parts: string[] = [];
  if (channels) {
    const labels = channels.map((_, channel) => channelLabel(source, channel));
    parts.push(`${labels.length === 1 ? "channel" : "channels"} ${labels.join(", ")}`);
  }
  if (times) {
    const count = source.shape[0]!;
    const step = times.step === 1 ? "" : `, one in ${times.step}`;
    parts.push(count === 1 ? `time ${times.start}` : `${count} times from ${times.start}${step}`);
  }
  if (box) {
    const shape = spatialShape(source);
    parts.push(
      `voxels ${box.start.map((start, axis) => `${start}:${start + shape[axis]!}`).join(", ")} of ${
        box.whole.join(" x ")
      }`,
    );
  }
  return parts.length === 0 ? [] : [["selected", parts.join("; ")]];
}

/** One row, or one for each channel that has its own PSF; the numbers are those of the request, from 1 and from 0. */
function psfRows({ psf, source }: Plan): [string, string][] {
  if (psf.channels === undefined) return [["PSF", psfShape(psf)]];
  const several = psf.channels.some(({ entry }) => entry > 0);
  return psf.channels.map((own, channel) => [
    channel === 0 ? "PSF" : "",
    `of channel ${channelLabel(source, channel)}: ${psfShape(own)}` +
    `${own.optics === undefined ? "" : `, computed for ${own.optics.emissionNanometres} nm`}` +
    `${several && own.optics === undefined ? `, PSF ${own.entry + 1} of the request` : ""}` +
    `${own.channel === undefined ? "" : `, channel ${own.channel} of the PSF`}`,
  ]);
}

/** The shape that is used, and the steps that lead to it. */
function psfShape({ shape, fit }: PsfInfo): string {
  if (fit === undefined) return times(shape);
  const steps = [
    ...(fit.plane === undefined ? [] : [fit.plane === "focus" ? "plane of focus" : "projected"]),
    ...(fit.resample === undefined ? [] : ["resampled"]),
    ...(fit.crop === undefined ? [] : ["cropped"]),
  ];
  return `${times(shape)}, from ${times(fit.stored)}: ${steps.join(", ")}`;
}

function times(shape: Vec3 | readonly number[]): string {
  return shape.join(" x ");
}

/** Settings that are always told, then those that differ from their defaults. */
function algorithm(plan: Plan): string {
  const { algorithm } = plan;
  const { acceleration, boundary, boundaryValue, start } = algorithm;
  const defaults: Algorithm = AlgorithmSchema.parse({ stop: "fixed" });
  const others = settingsOf(AlgorithmSettings.shape).flatMap(({ name, row }) => {
    const value = algorithm[name as keyof Algorithm];
    return row === undefined || value === defaults[name as keyof Algorithm] ? [] : [`${row} ${value}`];
  });
  return [
    `iterations ${iterationWords(plan)}`,
    `acceleration ${acceleration}`,
    `boundary ${boundary}${boundary === "constant" ? ` ${boundaryValue}` : ""}`,
    `start ${start}`,
    ...others,
  ].join(", ");
}

function shards({ chunk, outputDtype }: Plan, shard: Vec3): string {
  const bytes = formatBytes(dtypeBytes(outputDtype) * voxelCount(shard));
  return `${times(shard)}: ${counted(voxelCount(shard) / voxelCount(chunk), "chunk")}, ${bytes} before compression`;
}

/** The type of the output, and of integers the values that they hold. */
function storedType({ outputDtype, outputRange = "auto" }: Plan): string {
  if (outputDtype === "float32") return outputDtype;
  const range = outputRange === "auto" ? "automatic range, decided before the first tile" : outputRange.join(" to ");
  return `${outputDtype} (${range})`;
}

function terms(memory: MemoryTerms): string {
  return Object.entries(memory).map(([name, bytes]) => `${name} ${formatBytes(bytes)}`).join(", ");
}

/** Time and cost; of a job that may stop earlier, the most, or of how many iterations they are. */
function estimateRows({ kernelSeconds, basis, cost }: Estimate, plan: Plan): [string, string][] {
  const iterations = estimatedIterations(plan);
  const isExact = plan.algorithm.stop === "fixed" || plan.decisions || iterations !== "";
  const most = isExact ? "about" : "at most about";
  const pace = basis === "measured" ? "at the pace of earlier jobs on it" : "at the usual pace of its kind";
  const amount = cost && (cost.amount < 1 ? cost.amount.toPrecision(2) : cost.amount.toFixed(2));
  return [
    ["time", `${most} ${formatSeconds(kernelSeconds)}${iterations} on the device, ${pace}`],
    ...(cost ? [["cost", `${most} ${amount} ${cost.currency}${iterations}`] as [string, string]] : []),
  ];
}
