/**
 * What ImageJ reads of a hyperstack: its description (getDescriptionString in ij/io/FileSaver.java), and names, colors and ranges of
 * channels in tags of its own (writeMetaData in ij/io/TiffEncoder.java).
 */
import { SPATIAL_AXES } from "shared/volume/geometry.ts";
import { unitSymbol } from "../../axes.ts";
import { OPTICS_FIELDS, WRITER } from "../describe/imagej.ts";
import { IMAGEJ_KINDS, IMAGEJ_LENGTHS_TAG, IMAGEJ_METADATA_TAG, TABLE_BYTES } from "../imagej_channels.ts";
import { axisOf, type Described, isCalibrated, lengthsOf, type ShownChannel } from "./described_image.ts";
import { BYTE, LONG, type Tag } from "./layout.ts";

/** "JIJI", in the byte order of the file "IJIJ". */
const MAGIC = 0x494a494a;

/** The lines of the description. */
export function imageJDescription(info: Described, channels: readonly ShownChannel[]): string {
  const { t, c, z } = lengthsOf(info);
  const pages = t * c * z;
  const counted = Object.entries({ images: pages, channels: c, slices: z, frames: t }).filter(([, count]) => count > 1);
  const shown = [...(c > 1 || t > 1 ? ["hyperstack=true"] : []), ...(c > 1 ? ["mode=composite"] : [])];
  const lines = counted.map(([name, count]) => `${name}=${count}`);
  const facts = [...sizes(info), ...values(info), ...times(info), ...optics(info, channels)];
  return ["ImageJ=1.54f", ...lines, ...shown, ...facts, `writer=${WRITER}`, "loop=false", ""].join("\n");
}

/** The calibration of values: function 0 is a straight line, c0 + c1 * stored. */
function values({ intensity }: Described): string[] {
  if (intensity === undefined) return [];
  return ["cf=0", `c0=${intensity.offset}`, `c1=${intensity.scale}`, "vunit=Gray Value"];
}

function sizes(info: Described): string[] {
  if (!isCalibrated(info)) return [];
  const [x, y, z] = (["x", "y", "z"] as const).map((name) => axisOf(info, name)) as [
    ReturnType<typeof axisOf>,
    ...ReturnType<typeof axisOf>[],
  ];
  const unit = imageJUnit(x?.unit);
  // The place of the origin in voxels, as ImageJ has it.
  const origins = SPATIAL_AXES.flatMap((name) => {
    const axis = axisOf(info, name);
    const origin = axis === undefined ? 0 : -axis.translation / axis.scale;
    return origin === 0 ? [] : [`${name}origin=${origin}`];
  });
  return [
    ...(unit === undefined ? [] : [`unit=${unit}`]),
    ...([["y", y], ["z", z]] as const).flatMap(([name, axis]) => {
      const own = imageJUnit(axis?.unit);
      return axis === undefined || own === unit || own === undefined ? [] : [`${name}unit=${own}`];
    }),
    ...(z === undefined ? [] : [`spacing=${z.scale}`]),
    ...origins.toReversed(),
  ];
}

function times(info: Described): string[] {
  const axis = axisOf(info, "t");
  if (axis === undefined || axis.unit === undefined) return [];
  return [`finterval=${axis.scale}`, ...(axis.unit === "second" ? [] : [`tunit=${imageJUnit(axis.unit)}`])];
}

/** Lines of ours, since ImageJ has none of these. */
function optics({ objective }: Described, channels: readonly ShownChannel[]): string[] {
  const { na, immersionIndex } = objective ?? {};
  const emissions = channels.flatMap(({ emissionNanometres }) => emissionNanometres ?? []);
  return [
    ...(na === undefined ? [] : [`${OPTICS_FIELDS.na}=${na}`]),
    ...(immersionIndex === undefined ? [] : [`${OPTICS_FIELDS.immersionIndex}=${immersionIndex}`]),
    ...(emissions.length === 0 || emissions.length < channels.length
      ? []
      : [`${OPTICS_FIELDS.emissions}=${emissions.join(",")}`]),
  ];
}

/** ImageJ knows "micron" in all its versions; other signs than letters have no place in the description. */
function imageJUnit(unit: string | undefined): string | undefined {
  if (unit === undefined) return undefined;
  const symbol = unit === "micrometer" ? "micron" : unitSymbol(unit);
  return /^[\x20-\x7e]+$/.test(symbol) ? symbol : /^[\x20-\x7e]+$/.test(unit) ? unit : undefined;
}

/** The two tags of the first page; none where there is nothing to say of channels. */
export function imageJTags(info: Described, channels: readonly ShownChannel[]): Tag[] {
  const { t, z } = lengthsOf(info);
  const isNamed = channels.some(({ name }) => name !== undefined);
  const told = optics(info, channels).map((line) => `${line.replace("=", ": ")}\n`).join("");
  const labels = isNamed ? channels.map(({ name = "" }) => utf16(name)) : [];
  const groups: readonly (readonly [kind: number, entries: readonly Uint8Array[]])[] = [
    // What ImageJ shows with Image > Show Info.
    [IMAGEJ_KINDS.info, told === "" ? [] : [utf16(told)]],
    [IMAGEJ_KINDS.labels, isNamed ? Array.from({ length: t * z }, () => labels).flat() : []],
    [IMAGEJ_KINDS.ranges, channels.every(({ window }) => window) ? [rangesOf(channels)] : []],
    [IMAGEJ_KINDS.tables, channels.every(({ color }) => color) ? channels.map(({ color }) => tableOf(color!)) : []],
  ];
  const written = groups.filter(([, entries]) => entries.length > 0);
  if (written.length === 0) return [];
  const header = Uint32Array.from([MAGIC, ...written.flatMap(([kind, entries]) => [kind, entries.length])]);
  const parts = [new Uint8Array(header.buffer), ...written.flatMap(([, entries]) => entries)];
  const lengths = Uint32Array.from(parts, ({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return [
    [IMAGEJ_LENGTHS_TAG, LONG, lengths.length, new Uint8Array(lengths.buffer)],
    [IMAGEJ_METADATA_TAG, BYTE, bytes.length, bytes],
  ];
}

function utf16(text: string): Uint8Array {
  return new Uint8Array(Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index)).buffer);
}

/** Black and full color of each channel. */
function rangesOf(channels: readonly ShownChannel[]): Uint8Array {
  return new Uint8Array(Float64Array.from(channels.flatMap(({ window }) => window!)).buffer);
}

/** From black to the color, red, green and blue one after the other. */
function tableOf(color: string): Uint8Array {
  const steps = TABLE_BYTES / 3;
  return Uint8Array.from({ length: TABLE_BYTES }, (_, index) => {
    const full = Number.parseInt(color.slice(2 * Math.floor(index / steps)).slice(0, 2), 16);
    return Math.round(full * (index % steps) / (steps - 1));
  });
}
