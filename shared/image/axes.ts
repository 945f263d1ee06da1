/**
 * Names the axes of an array: always a subset of t, c, z, y, x in that order. Never guesses where it could be wrong.
 */
import type { Axis } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";

const TYPES = { t: "time", c: "channel", z: "space", y: "space", x: "space" } as const;

/** Statements of a file about the axes of an array of this rank. */
interface AxisStatements {
  /** For messages. */
  readonly url: string;
  readonly rank: number;
  /** From the request: `zyx`, `tczyx` and the like. */
  readonly requested?: string | undefined;
  /** From OME metadata. */
  readonly ome?: readonly { readonly name: string; readonly unit?: string | undefined }[] | undefined;
  /** From `dimension_names` or `_ARRAY_DIMENSIONS`. */
  readonly dimensionNames?: readonly (string | null)[] | undefined;
}

/** Makes axes of a string such as `czyx`. */
export function axesOf(names: string, units: readonly (string | undefined)[] = []): Axis[] {
  return [...names].map((name, index) => {
    const unit = units[index];
    return { name: name as Axis["name"], type: TYPES[name as Axis["name"]], ...(unit === undefined ? {} : { unit }) };
  });
}

/**
 * Decides the axes: OME metadata, then names of dimensions that are t, c, z, y, x, then the request, then the rank (2 is yx, 3
 * is zyx).
 *
 * @throws {ClearstackError} `invalid-request` where the request is needed or contradicts the file, `unsupported` for a rank or
 *   an order that cannot be processed
 */
export function decideAxes({ url, rank, requested, ome, dimensionNames }: AxisStatements): Axis[] {
  if (rank < 2 || rank > 5) {
    throw new ClearstackError("unsupported", `${url} has ${rank} axes; images have 2 to 5 (yx, zyx, up to tczyx)`);
  }
  const stated = ome?.map((axis) => axis.name) ?? namedDimensions(dimensionNames);
  if (stated !== undefined) {
    const names = checkedOrder(stated, rank, url);
    if (requested !== undefined && requested !== names) {
      throw new ClearstackError("invalid-request", `${url} states the axes ${names}; leave out --axes ${requested}`);
    }
    return axesOf(names, ome?.map((axis) => fullUnitName(axis.unit)));
  }
  const names = requested ?? { 2: "yx", 3: "zyx" }[rank];
  if (names === undefined) {
    const example = rank === 4 ? "czyx" : "tczyx";
    throw new ClearstackError(
      "invalid-request",
      `${url} has ${rank} axes and does not name them; say which they are, for example --axes ${example}`,
    );
  }
  if (names.length !== rank) {
    throw new ClearstackError("invalid-request", `--axes ${names} names ${names.length} axes but ${url} has ${rank}`);
  }
  return axesOf(names);
}

/** Names that all are axes of ours, else nothing: `dim_0` or null state nothing. */
function namedDimensions(names: AxisStatements["dimensionNames"]): string[] | undefined {
  const known = names?.filter((name): name is string => name !== null && /^[tczyx]$/i.test(name));
  return known !== undefined && known.length > 0 && known.length === names!.length ? known : undefined;
}

function checkedOrder(stated: readonly string[], rank: number, url: string): string {
  const names = stated.map((name) => name.toLowerCase()).join("");
  if (/^t?c?z?yx$/.test(names) && names.length === rank) return names;
  throw new ClearstackError(
    "unsupported",
    `${url} states the axes ` +
      `${stated.join(", ")} for ${rank} dimensions; they must be a part of t, c, z, y, x in that order`,
  );
}

const PREFIXES = new Map(Object.entries({
  Y: "yotta",
  Z: "zetta",
  E: "exa",
  P: "peta",
  T: "tera",
  G: "giga",
  M: "mega",
  k: "kilo",
  h: "hecto",
  "": "",
  d: "deci",
  c: "centi",
  m: "milli",
  u: "micro",
  n: "nano",
  p: "pico",
  f: "femto",
  a: "atto",
  z: "zepto",
  y: "yocto",
}));
const BASES = new Map(Object.entries({ m: "meter", s: "second" }));
const FULL_NAME = new RegExp(
  `^(${[...PREFIXES.values()].join("|")})(meter|second)$|^(minute|hour|day|angstrom|inch|foot|yard|mile|parsec)$`,
);

/** Spellings of units met in the wild that no rule derives, in small letters. */
const NAMES = new Map(Object.entries({
  "micron": "micrometer",
  "microns": "micrometer",
  "\u00e5": "angstrom",
  "in": "inch",
  "inches": "inch",
  "ft": "foot",
  "feet": "foot",
  "yd": "yard",
  "mi": "mile",
  "pc": "parsec",
  "sec": "second",
  "min": "minute",
  "h": "hour",
  "d": "day",
  "pixel": "",
  "pixels": "",
  "reference frame": "",
}));

/**
 * The full name of a unit of length or time, for OME-Zarr asks for those of UDUNITS-2 and viewers fail on others; `undefined` if
 * there is none. What is no unit of OME-Zarr stays as it is: without it, the scale would say something else.
 */
export function fullUnitName(unit: string | undefined): string | undefined {
  const name = unit?.trim().replaceAll(/\\u00B5|[\u00b5\u03bc]/g, "u") ?? "";
  const small = name.toLowerCase();
  const singular = small.replace("metre", "meter").replace(/s$/, "");
  const known = NAMES.get(small) ?? nameOfSymbol(name) ?? nameOfSymbol(small) ??
    (FULL_NAME.test(singular) ? singular : unit?.trim());
  return known || undefined;
}

/** `nm` -> `nanometer`. */
function nameOfSymbol(symbol: string): string | undefined {
  const [prefix, base] = [PREFIXES.get(symbol.slice(0, -1)), BASES.get(symbol.slice(-1))];
  return prefix === undefined || base === undefined ? undefined : prefix + base;
}

/** Symbols of units that have no prefix; together with the others, all that OME-XML knows. */
const SYMBOLS = new Map(Object.entries({
  angstrom: "\u00c5",
  inch: "in",
  foot: "ft",
  yard: "yd",
  mile: "mi",
  parsec: "pc",
  minute: "min",
  hour: "h",
  day: "d",
}));

/** `micrometer` -> `\u00b5m`, the inverse of {@link fullUnitName}; a name without a symbol stays as it is. */
export function unitSymbol(name: string): string {
  for (const [base, full] of BASES) {
    const prefix = name.endsWith(full) ? [...PREFIXES].find(([, word]) => word + full === name)?.[0] : undefined;
    if (prefix !== undefined) return `${prefix === "u" ? "\u00b5" : prefix}${base}`;
  }
  return SYMBOLS.get(name) ?? name;
}
