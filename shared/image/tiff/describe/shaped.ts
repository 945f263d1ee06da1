/** The line of JSON that tifffile leaves: `{"shape": [2, 5, 9, 9], "axes": "CZYX", "spacing": 0.3, "unit": "um"}`. */
import { ClearstackError } from "shared/errors.ts";
import { fullUnitName } from "../../axes.ts";
import { decodeJson } from "../../zarr/json.ts";
import { asRecord } from "../../zarr/zarr_node.ts";
import {
  type PageAxis,
  type PageLengths,
  type Spacing,
  spacingOf,
  type TiffDescription,
  wholeOrder,
} from "./description.ts";

/**
 * Reads the line; of any other text no more than that it says nothing.
 *
 * @throws {ClearstackError} `unsupported` for planes of other axes than y and x
 */
export function describeShaped(text: string, where: string): TiffDescription {
  const fields = text.startsWith("{") ? asRecord(decodeJson(new TextEncoder().encode(text))) : {};
  const shape = Array.isArray(fields.shape) && fields.shape.every((side) => Number.isSafeInteger(side) && side > 0)
    ? fields.shape as number[]
    : [];
  const letters = typeof fields.axes === "string" && fields.axes.length === shape.length ? fields.axes : undefined;
  const samples = letters?.endsWith("S") ? 1 : 0;
  const rank = shape.length - 2 - samples;
  const outer = shape.slice(0, Math.max(0, rank));
  const plane = letters?.slice(rank, rank + 2);
  if (plane !== undefined && plane !== "YX") {
    throw new ClearstackError(
      "unsupported",
      `${where} states the axes ${letters}, so its planes are not of Y and X; store it with YX last`,
    );
  }
  const named = namedAxes(letters?.slice(0, rank), outer);
  const pages = outer.reduce((product, side) => product * side, 1);
  return {
    // A file of several series states the shape of its first; pages that differ are refused when they are met.
    ...(pages > 1 ? { pages } : {}),
    ...named,
    contiguous: fields.truncated === true,
    ...calibration(fields),
  };
}

/** Axes of length 1 need no name. */
function namedAxes(letters: string | undefined, outer: readonly number[]) {
  const long = [...letters ?? ""].flatMap((letter, axis) => outer[axis]! > 1 ? [letter.toLowerCase()] : []);
  const along = outer.filter((length) => length > 1);
  const isNamed = long.length > 0 && long.every((name) => "tcz".includes(name)) && new Set(long).size === long.length;
  const length = (axis: PageAxis) => isNamed && long.includes(axis) ? along[long.indexOf(axis)]! : 1;
  const lengths: PageLengths = { t: length("t"), c: length("c"), z: length("z") };
  return {
    lengths,
    order: wholeOrder(isNamed ? long.toReversed() as PageAxis[] : []),
    names: isNamed ? "stated" : "unnamed",
    outer: isNamed ? [] : outer,
  } as const;
}

/** Distances by the names that ImageJ and OME have for them, which are what people give tifffile. */
function calibration(fields: Readonly<Record<string, unknown>>): Pick<TiffDescription, "spacing" | "resolution"> {
  const text = (name: string) => typeof fields[name] === "string" ? fields[name] : undefined;
  const unit = fullUnitName(text("unit"));
  const physical = (axis: "X" | "Y" | "Z") =>
    spacingOf(
      fields[`PhysicalSize${axis}`],
      `PhysicalSize${axis}`,
      fullUnitName(text(`PhysicalSize${axis}Unit`) ?? "um"),
    );
  const z = spacingOf(fields.spacing, "spacing", fullUnitName(text("zunit")) ?? unit);
  const interval = spacingOf(fields.finterval ?? fields.TimeIncrement, "finterval", fullUnitName(text("tunit") ?? "s"));
  const stated = (spacing: Spacing) => Object.keys(spacing).length > 0;
  const [x, y] = [physical("X"), physical("Y")];
  return {
    spacing: { x, y, z: stated(z) ? z : physical("Z"), t: interval },
    ...(stated(z) || unit !== undefined ? { resolution: { x: unit, y: fullUnitName(text("yunit")) ?? unit } } : {}),
  };
}
