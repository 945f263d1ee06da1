/** The description that SCIFIO, the reader and writer of ImageJ2, leaves in TIFFs (io.scif.formats.TIFFFormat). */
import { ClearstackError } from "shared/errors.ts";
import { fullUnitName } from "../../axes.ts";
import { type PageAxis, type Spacing, spacingOf, type TiffDescription, wholeOrder } from "./description.ts";
import { countOf, fieldsOf } from "./lines.ts";

const AXES: Readonly<Record<string, PageAxis | "y" | "x">> = { X: "x", Y: "y", Z: "z", Channel: "c", Time: "t" };

/**
 * Reads the lines.
 *
 * @throws {ClearstackError} `unsupported` for axes that an image here does not have, or planes of other axes than y and x
 */
export function describeScifio(text: string, where: string): TiffDescription {
  const field = fieldsOf(text);
  const listOf = (name: string) => field(name)?.split(",").map((part) => part.trim()) ?? [];
  const unit = fullUnitName(field("unit"));
  const stated = listOf("axes");
  const names = stated.length > 0 ? stated : ["X", "Y", "Channel", "Z", "Time"];
  const sizes = stated.length > 0
    ? listOf("lengths").map((length) => countOf(length, 1))
    : [1, 1, countOf(field("channels"), 1), countOf(field("slices"), 1), countOf(field("frames"), 1)];
  const along = (name: string) => sizes[names.indexOf(name)] ?? 1;
  const odd = names.find((name) => AXES[name] === undefined && along(name) > 1);
  if (odd !== undefined || names[0] !== "X" || names[1] !== "Y") {
    throw new ClearstackError(
      "unsupported",
      `${where} is of SCIFIO and has the axes ${names.join(", ")}; store planes of X and Y along Z, Channel and Time`,
    );
  }
  const order = names.slice(2).flatMap((name) => AXES[name] ?? []) as PageAxis[];
  const lengths = { t: along("Time"), c: along("Channel"), z: along("Z") };
  const [scales, units] = [listOf("scales"), listOf("units")];
  const spacing = Object.fromEntries(names.flatMap((name, index): [string, Spacing][] => {
    const axis = AXES[name];
    if (axis === undefined || axis === "c") return [];
    const own = fullUnitName(units[index] === "null" ? undefined : units[index]);
    return [[axis, spacingOf(scales[index], `the scale of ${name}`, own ?? (axis === "t" ? undefined : unit))]];
  }));
  return {
    pages: lengths.t * lengths.c * lengths.z,
    lengths,
    order: wholeOrder(order),
    names: "stated",
    outer: [],
    contiguous: false,
    spacing,
    ...(scales.length > 0 ? {} : { resolution: { x: unit, y: unit } }),
  };
}
