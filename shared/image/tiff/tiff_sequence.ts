/**
 * Images of one TIFF for each plane: a folder, or a pattern such as `img_*.tif`. Numbers in the names say where a plane lies; names
 * that could mean something else are refused.
 */
import type { Location } from "shared/contract/location.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl, schemeOf, splitObject } from "shared/storage/url.ts";
import type { PageAxis, PlanePlace, TiffDescription } from "./describe/description.ts";

/** Files of a sequence. */
export interface TiffSequence {
  /** For messages. */
  readonly where: string;
  /** Folder of the files. */
  readonly base: string;
  /** Names in natural order. */
  readonly names: readonly string[];
}

/** Names of a folder that are looked at: a wrong path may name a bucket of millions. */
const MAX_NAMES = 100_000;

/** Most files of a sequence. */
const MAX_FILES = 20_000;

/** Names of axes before a number. */
const LABELS: readonly (readonly [axis: PageAxis, label: RegExp])[] = [
  ["z", /(^|[^a-z])(z|slice|plane|zslice|zplane|z-slice)$/i],
  ["t", /(^|[^a-z])(t|tp|time|timepoint)$/i],
  ["c", /(^|[^a-z])(c|ch|channel|w)$/i],
];

/** True for a URL or path whose last part is a pattern. */
export function isPattern(url: string): boolean {
  const last = url.slice(Math.max(url.lastIndexOf("/"), url.lastIndexOf("\\")) + 1);
  return !/^https?$/.test(schemeOf(url)) && (schemeOf(url) === "file" ? /[*?]/ : /^[^?#]*\*/).test(last);
}

/**
 * The TIFFs of a folder, or those that a pattern names; undefined where there is none, or the store cannot be listed.
 *
 * @throws {ClearstackError} `unsupported` for more files than are read
 */
export async function findSequence(
  url: string,
  { environment, signal }: StoreAccess,
): Promise<TiffSequence | undefined> {
  const { base, key } = isPattern(url) ? splitObject(url) : { base: url, key: "*" };
  const names: string[] = [];
  let met = 0;
  try {
    for await (const name of openReadable(base, { environment }).listNames("", { signal })) {
      if (++met > MAX_NAMES) break;
      if (!/\.tiff?$/i.test(name) || !fits(name, key)) continue;
      if (names.push(name) <= MAX_FILES) continue;
      throw new ClearstackError(
        "unsupported",
        `${redactUrl(url)} has more than ${MAX_FILES} TIFFs; name fewer by a pattern`,
      );
    }
  } catch (error) {
    if (isClearstackError(error, "unsupported") && names.length === 0) return undefined;
    throw error;
  }
  if (names.length === 0) return undefined;
  return { where: redactUrl(url), base, names: names.sort(byNumbers) };
}

/** True for a name of a pattern of `*` and `?`; in time that grows with the product of their lengths, whatever they are. */
function fits(name: string, pattern: string): boolean {
  let [at, from, star, tried] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[from] === "*") [star, tried, from] = [from, at, from + 1];
    else if (pattern[from] === "?" || pattern[from] === name[at]) [at, from] = [at + 1, from + 1];
    else if (star < 0) return false;
    // The last star takes one character more.
    else [tried, at, from] = [tried + 1, tried + 1, star + 1];
  }
  return /^\**$/.test(pattern.slice(from));
}

/** The URL of a file in a folder; a query of the folder goes with it. */
export function fileUrl(base: string, name: string): string {
  const [, bare, query] = /^([^?#]*)(.*)$/s.exec(base)!;
  const isPath = schemeOf(base) === "file";
  return isPath ? `${base}/${name}` : `${bare!.replace(/\/+$/, "")}/${encodeURIComponent(name)}${query}`;
}

/**
 * Describes the planes of a sequence.
 *
 * @param first what the first file says of itself
 * @throws {ClearstackError} `invalid-request` for names that do not tell the axes, `corrupt-data` where planes are missing
 */
export function describeSequence(
  { where, names }: TiffSequence,
  first: TiffDescription,
  pages: Location["pages"],
): TiffDescription {
  const asListed = pages === "as-listed";
  const axes = numberedAxes(where, names);
  for (const { values } of axes) {
    const step = Math.min(...values.slice(1).map((value, index) => value - values[index]!));
    const odd = values.findIndex((value, index) => index > 0 && value - values[index - 1]! !== step);
    if (odd > 0 && !asListed) {
      throw new ClearstackError(
        "corrupt-data",
        `the names of ${where} go from ${values[odd - 1]} to ` +
          `${values[odd]}, as if files were missing; to take those that ` +
          "are there, say --pages as-listed",
      );
    }
  }
  const length = (axis: PageAxis) => axes.find(({ name }) => name === axis)?.values.length ?? 1;
  const lengths = { t: length("t"), c: length("c"), z: length("z") };
  const total = lengths.t * lengths.c * lengths.z;
  if (total < names.length) {
    throw new ClearstackError(
      "invalid-request",
      `several files of ${where} have the same numbers; name one stack by a pattern`,
    );
  }
  const places = new Array<PlanePlace | undefined>(total).fill(undefined);
  for (const file of names) {
    const at = { t: 0, c: 0, z: 0 };
    for (const { name, place, values } of axes) at[name] = values.indexOf(numbersOf(file)[place]!);
    places[(at.t * lengths.c + at.c) * lengths.z + at.z] = { page: 0, file };
  }
  return {
    pages: total,
    lengths,
    order: ["z", "c", "t"],
    names: "stated",
    outer: [],
    placePlanes: () => places,
    severalFiles: true,
    contiguous: false,
    spacing: first.spacing,
    ...(first.resolution === undefined ? {} : { resolution: first.resolution }),
    ...(first.channels === undefined ? {} : { channels: first.channels }),
    ...(first.objective === undefined ? {} : { objective: first.objective }),
  };
}

interface NumberedAxis {
  readonly name: PageAxis;
  /** Which of the numbers of a name. */
  readonly place: number;
  /** Ascending. */
  readonly values: readonly number[];
}

function numberedAxes(where: string, names: readonly string[]): NumberedAxis[] {
  const skeleton = (name: string) => name.replace(/\d+/g, "#");
  const odd = names.find((name) => skeleton(name) !== skeleton(names[0]!));
  if (odd !== undefined) {
    throw new ClearstackError(
      "invalid-request",
      `${where} has TIFFs of different names (` +
        `${names[0]}, ${odd}); name those of one stack by a pattern, for example ` +
        `"${names[0]!.replace(/\d+(?!.*\d)/, "*")}"`,
    );
  }
  const numbers = names.map(numbersOf);
  const varying = numbers[0]!.flatMap((_, place) => {
    const values = [...new Set(numbers.map((all) => all[place]!))].sort((a, b) => a - b);
    return values.length > 1 ? [{ place, values, name: labelOf(names[0]!, place) }] : [];
  });
  if (varying.length === 1) return [{ ...varying[0]!, name: varying[0]!.name ?? "z" }];
  const named = varying.filter((one): one is typeof one & { name: PageAxis } => one.name !== undefined);
  if (named.length === varying.length && new Set(named.map(({ name }) => name)).size === named.length) return named;
  throw new ClearstackError(
    "invalid-request",
    `the names of ${where} differ in ${varying.length} numbers that do not say what they count (${names[0]}, ` +
      `${names.at(-1)}); name one stack by a pattern, or let t, c and z stand before the numbers`,
  );
}

function labelOf(name: string, place: number): PageAxis | undefined {
  const before = name.split(/\d+/)[place]!;
  return LABELS.find(([, label]) => label.test(before))?.[0];
}

function numbersOf(name: string): number[] {
  return [...name.matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

/** Names by their text, with numbers by their size: 2 before 10. */
function byNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split(/(\d+)/)) as [string[], string[]];
  for (let part = 0; part < Math.min(left.length, right.length); part++) {
    const difference = part % 2 === 1
      ? Number(left[part]) - Number(right[part])
      : left[part]! < right[part]!
      ? -1
      : Number(left[part]! > right[part]!);
    if (difference !== 0) return difference;
  }
  return left.length - right.length || (a < b ? -1 : 1);
}
