/** ImageJ's description (ij/io/FileSaver.java writes it, ij/io/FileOpener.java reads it). */
import { fullUnitName } from "../../axes.ts";
import { spacingOf, type TiffDescription } from "./description.ts";
import { omeObjective } from "../../ome/ome_objective.ts";
import { countOf, fieldsOf } from "./lines.ts";

/** Value of `writer` in descriptions of ours, whose axes are what they are called. */
export const WRITER = "Clearstack";

/** Lines of ours about the optics; those of other writers may mean something else. */
export const OPTICS_FIELDS = {
  na: "LensNA",
  immersionIndex: "RefractiveIndex",
  emissions: "EmissionNanometres",
} as const;

/** Reads the lines. */
export function describeImageJ(text: string): TiffDescription {
  const field = fieldsOf(text);
  const count = (name: string) => countOf(field(name), 1);
  const lengths = { t: count("frames"), c: count("channels"), z: count("slices") };
  const silent = lengths.t * lengths.c * lengths.z === 1;
  const pages = field("images") === undefined && silent ? undefined : countOf(
    field("images"),
    lengths.t * lengths.c * lengths.z,
  );
  const outer = Object.values(lengths).filter((length) => length > 1);
  const unit = fullUnitName(field("unit"));
  const unitOf = (name: string) => field(name) === undefined ? unit : fullUnitName(field(name));
  const framesPerSecond = Number(field("fps"));
  const interval = Number(field("finterval")) > 0 ? field("finterval") : framesPerSecond > 0 ? 1 / framesPerSecond : "";
  return {
    ...(pages === undefined ? {} : { pages }),
    lengths: silent && pages !== undefined ? { ...lengths, z: pages } : lengths,
    order: ["c", "z", "t"],
    // Stacks of one long dimension are called channels or frames by many that mean z.
    names: silent && pages === undefined
      ? "unnamed"
      : outer.length === 1 && lengths.z === 1 && field("writer") !== WRITER
      ? "doubtful"
      : "stated",
    outer: [],
    contiguous: true,
    spacing: {
      // The sign is the direction in which a stack was taken; 0 stands for nothing.
      z: Number(field("spacing")) === 0
        ? {}
        : spacingOf(field("spacing")?.replace(/^-/, ""), "spacing", unitOf("zunit")),
      t: spacingOf(interval, "finterval", fullUnitName(field("tunit") ?? "s")),
    },
    resolution: { x: unit, y: unitOf("yunit") },
    ...(field("writer") === WRITER ? ownOptics(field) : {}),
  };
}

/** What a hyperstack of ours keeps of the optics. */
function ownOptics(
  field: ReturnType<typeof fieldsOf>,
): Pick<TiffDescription, "objective" | "objectiveFrom" | "emissions"> {
  const attributes = (["na", "immersionIndex"] as const).flatMap((name) => {
    const value = field(OPTICS_FIELDS[name]);
    return value === undefined ? [] : [[OPTICS_FIELDS[name], value] as const];
  });
  const lens = omeObjective(Object.fromEntries(attributes));
  const emissions = (field(OPTICS_FIELDS.emissions) ?? "").split(",").map(Number);
  return {
    ...lens,
    ...(lens.objective === undefined ? {} : { objectiveFrom: "clearstack" as const }),
    ...(emissions.every((emission) => emission > 0 && Number.isFinite(emission)) ? { emissions } : {}),
  };
}
