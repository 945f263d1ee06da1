/** Facts about an image in words, the same for the table and the picture. */
import { counted } from "shared/counted.ts";
import type { Channel, ImageInfo } from "shared/contract/image_info.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import type { ImageDescription } from "shared/image/describe_image.ts";
import { gridSize } from "shared/image/grid_size.ts";
import type { OutputState } from "shared/image/output/output_state.ts";
import { intensityText } from "./intensity_text.ts";
import { formatBytes } from "shared/plan/host_memory.ts";

/** A table of the image and its pieces, then facts one by one. */
export interface InfoFacts {
  readonly columns: readonly string[];
  /** `image`, `chunk`, and `shard` where there are any. */
  readonly rows: readonly (readonly [name: string, ...cells: string[]])[];
  /** A text may have several lines. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

const UNIT_SYMBOLS: Readonly<Record<string, string>> = {
  micrometer: "\u00b5m",
  nanometer: "nm",
  millimeter: "mm",
  centimeter: "cm",
  meter: "m",
  second: "s",
  millisecond: "ms",
  minute: "min",
  hour: "h",
};

const FORMATS = { zarr2: "Zarr v2", zarr3: "Zarr v3", tiff: "TIFF" } as const;

export function infoFacts(description: ImageDescription): InfoFacts {
  const { info, bytes, chunks, objects, shardShape } = description;
  const pieceBytes = (shape: readonly number[]) =>
    formatBytes(gridSize(shape, shape.map(() => 1)) * dtypeBytes(info.dtype));
  const piece = (name: string, shape: readonly number[], pieces: number) =>
    [name, times(shape), pieceBytes(shape), pieces.toLocaleString("en")] as const;
  const output = description.output === undefined ? [] : outputFacts(description.output);
  return {
    columns: ["shape", "bytes", "count"],
    rows: [
      ["image", times(info.shape), formatBytes(bytes), volumes(description)],
      piece("chunk", info.chunkShape, chunks),
      ...(shardShape === undefined ? [] : [piece("shard", shardShape, objects)]),
    ],
    facts: [
      ["type", info.dtype],
      ...(description.intensity === undefined ? [] : [["values", intensityText(description.intensity)] as const]),
      ["axes", info.axes.map(({ name }) => name).join(" ")],
      ["voxel", voxel(description)],
      ["extent", extent(description)],
      ["format", format(description)],
      ["compression", [description.compression, ...description.remarks].join(", ")],
      ...(info.channels === undefined ? [] : [["channels", info.channels.map(channelName).join(", ")] as const]),
      ["lens", lens(info)],
      ...levelFacts(description),
      ...(info.warnings ?? []).map(({ level, message }) => [level, message] as const),
      ...(description.labels.length === 0 ? [] : [["labels", description.labels.join(", ")] as const]),
      ...output,
    ].filter(([, text]) => text !== "") as [string, string][],
  };
}

/** `12 \u00b5m`; the bare number where the unit is not known. */
export function quantity(value: number, unit: string | undefined): string {
  const number = String(Number(value.toPrecision(4)));
  return unit === undefined ? number : `${number} ${UNIT_SYMBOLS[unit] ?? unit}`;
}

export function times(shape: readonly number[]): string {
  return shape.join(" \u00d7 ");
}

function volumes({ info: { axes, shape } }: ImageDescription): string {
  const outer = shape.filter((_, axis) => axes[axis]!.type !== "space");
  const total = outer.reduce((product, side) => product * side, 1);
  const what = axes.some(({ name }) => name === "z") ? "volume" : "plane";
  return counted(total, what);
}

/** True if the file says how large voxels are. */
export function hasScale({ info: { axes, scale } }: ImageDescription): boolean {
  return axes.some(({ type, unit }, axis) => type === "space" && (unit !== undefined || scale[axis] !== 1));
}

function voxel(description: ImageDescription): string {
  if (!hasScale(description)) return "size not stated";
  return alongSpace(description, (scale) => scale);
}

function extent(description: ImageDescription): string {
  return hasScale(description) ? alongSpace(description, (scale, length) => scale * length) : "";
}

/** The unit once, if it is the same along all axes. */
function alongSpace({ info }: ImageDescription, measure: (scale: number, length: number) => number): string {
  const parts = info.axes.flatMap(({ type, unit }, axis) =>
    type === "space" ? [{ value: measure(info.scale[axis]!, info.shape[axis]!), unit }] : []
  );
  const same = parts.every(({ unit }) => unit === parts[0]!.unit);
  const numbers = parts.map(({ value, unit }) => same ? quantity(value, undefined) : quantity(value, unit));
  const symbol = same && parts[0]!.unit !== undefined ? ` ${UNIT_SYMBOLS[parts[0]!.unit] ?? parts[0]!.unit}` : "";
  return `${times(numbers as never)}${symbol}`;
}

function format({ info, omeVersion }: ImageDescription): string {
  const name = FORMATS[info.format];
  return omeVersion === undefined ? name : `OME-Zarr ${omeVersion} (${name})`;
}

function channelName({ name, color, emissionNanometres }: Channel, index: number): string {
  const details = [
    ...(color === undefined ? [] : [`#${color}`]),
    ...(emissionNanometres === undefined ? [] : [`${emissionNanometres} nm`]),
  ];
  return `${name ?? index}${details.length === 0 ? "" : ` (${details.join(", ")})`}`;
}

/** What a PSF can be computed from, where the image states it. */
function lens({ objective: { na, immersionIndex } = {} }: ImageInfo): string {
  return [
    ...(na === undefined ? [] : [`NA ${na}`]),
    ...(immersionIndex === undefined ? [] : [`immersion of index ${immersionIndex}`]),
  ].join(", ");
}

function levelFacts({ levels }: ImageDescription): (readonly [string, string])[] {
  if (levels.length < 2) return [];
  return [["levels", levels.map(({ path, shape }) => `${path.split("/").at(-1)}: ${times(shape)}`).join("\n")]];
}

/** How an unfinished output is continued, and of one that lies beside it, where the result will be. */
function goingOn({ kind, becomes }: OutputState): string {
  const result = becomes === undefined ? "" : `; it then becomes ${becomes}`;
  return `give the same ${kind} command again${result}`;
}

function outputFacts(output: OutputState): (readonly [string, string])[] {
  const { state, kind, version, tiles, tilesDone, source, psf, iterations, device } = output;
  const how = state === "finished"
    ? `finished${output.finished === undefined ? "" : ` ${output.finished}`}`
    : tilesDone === undefined
    ? "unfinished"
    : `unfinished, ${tilesDone} of ${counted(tiles, "tile")}`;
  const made = [
    `${kind} by Clearstack ${version ?? "of unknown version"}`,
    ...(iterations === undefined || kind !== "deconvolve" ? [] : [counted(iterations, "iteration")]),
    ...(device === undefined ? [] : [`on ${device}`]),
  ];
  return [
    ["state", how],
    ["to go on", state === "finished" ? "" : goingOn(output)],
    ["made", made.join(", ")],
    ["from", source ?? ""],
    ["PSF", psf ?? ""],
    ["plan", output.planHash.slice(0, 16)],
  ];
}
