/**
 * Finds the axes that the pages of a TIFF lie along, and the page of each plane. Never guesses where it could be wrong.
 */
import { ClearstackError } from "shared/errors.ts";
import { type PageAxis, planeAt } from "./ome_tiff_pages.ts";
import type { TiffDescription } from "./tiff_metadata.ts";

/** Facts about the pages. */
interface PageStatements {
  /** For messages. */
  readonly where: string;
  /** Pages that have a directory. */
  readonly listed: number;
  readonly description: TiffDescription;
  /** From the request: `zyx`, `tczyx` and the like. */
  readonly requested?: string | undefined;
  /** True takes pages along one axis as planes of z, whatever they are called. */
  readonly pagesAreZ: boolean;
}

/** The axes before y and x. */
export interface PageAxes {
  /** A part of t, c, z in that order. */
  readonly names: readonly PageAxis[];
  /** Length along each of `names`. */
  readonly lengths: readonly number[];
  /** True if only the first page has a directory and the others lie behind it. */
  readonly contiguous: boolean;
  /** The page that holds the plane at an index along each of `names`. */
  pageAt(at: readonly number[]): number;
}

const ALL: readonly PageAxis[] = ["t", "c", "z"];

type Lengths = TiffDescription["lengths"];

/**
 * Decides the axes: what the description states, then the request. Axes of length 1 are left out unless they are asked for.
 *
 * @throws {ClearstackError} `unsupported` if the file contradicts itself, `invalid-request` if the request is needed or contradicts it
 */
export function decidePageAxes(statements: PageStatements): PageAxes {
  const { where, listed, description } = statements;
  const { pages = listed } = description;
  const contiguous = description.contiguous && listed === 1 && pages > 1;
  if (pages !== listed && !contiguous) {
    throw new ClearstackError("unsupported", `${where} says it has ${pages} images and lists ${listed}`);
  }
  const { names, lengths, order } = namedAxes(statements, pages);
  const product = lengths.t * lengths.c * lengths.z;
  if (product !== pages) {
    const { t, c, z } = lengths;
    throw new ClearstackError(
      "unsupported",
      `${where} says it has ${c} channels, ${t} time points and ${z} planes of z, which does not make ${pages} images`,
    );
  }
  const pageOf = description.pageTable?.();
  return {
    names,
    lengths: names.map((name) => lengths[name]),
    contiguous,
    pageAt(at) {
      const index = { t: 0, c: 0, z: 0, ...Object.fromEntries(names.map((name, axis) => [name, at[axis]!])) };
      const plane = planeAt(index, { lengths, order });
      return pageOf?.[plane] ?? plane;
    },
  };
}

interface Named {
  readonly names: readonly PageAxis[];
  readonly lengths: Lengths;
  readonly order: readonly PageAxis[];
}

function namedAxes(statements: PageStatements, pages: number): Named {
  const { description, requested, pagesAreZ } = statements;
  const { lengths, order } = description;
  if (description.names === "unnamed") return unnamedAxes(statements, pages);
  const long = ALL.filter((axis) => lengths[axis] > 1);
  const meansZ = requested === "zyx" || (pagesAreZ && requested === undefined);
  if (meansZ && long.length === 1) return { names: ["z"], lengths: { t: 1, c: 1, z: pages }, order };
  if (description.names === "doubtful") return doubtfulAxes(statements, pages, long[0]!);
  if (requested === undefined) return { names: long, lengths, order };
  const names = requested.slice(0, -2).split("") as PageAxis[];
  if (long.every((axis) => names.includes(axis))) return { names, lengths, order };
  throw contradicted(statements, `${long.join("")}yx`);
}

/** One long axis whose name may be no more than a writer's default. */
function doubtfulAxes(statements: PageStatements, pages: number, called: PageAxis): Named {
  const { where, requested } = statements;
  const name = requested?.slice(0, -2) as PageAxis | undefined;
  if (name !== undefined && ALL.includes(name)) return alongOuter([name], [pages]);
  const words = called === "c" ? "channels" : "time points";
  throw new ClearstackError(
    "invalid-request",
    `${where} calls its ${pages} pages ${words}, as writers do that know no axes; if these are planes of z, say ` +
      `--axes zyx, and if they are ${words}, --axes ${called}yx`,
  );
}

/** Lengths without names: one is z as in any array of three axes, several must be named. */
function unnamedAxes(statements: PageStatements, pages: number): Named {
  const { where, requested, description } = statements;
  const stated = description.outer.length > 0 ? description.outer : [pages];
  const long = stated.filter((length) => length > 1);
  if (requested === undefined && long.length < 2) return alongOuter(long.length === 0 ? [] : ["z"], long);
  if (requested === undefined) {
    throw new ClearstackError(
      "invalid-request",
      `${where} has ${long.join(" x ")} pages and does not name their axes; say which they are, for example ` +
        `--axes ${long.length === 2 ? "czyx" : "tczyx"}`,
    );
  }
  const names = requested.slice(0, -2).split("") as PageAxis[];
  const lengths = [stated, long].find((candidate) => candidate.length === names.length);
  if (lengths === undefined) throw contradicted(statements, undefined, long);
  return alongOuter(names, lengths);
}

/** Axes in the order of the array: the last changes from page to page. */
function alongOuter(names: readonly PageAxis[], along: readonly number[]): Named {
  const length = (axis: PageAxis) => along[names.indexOf(axis)] ?? 1;
  return {
    names,
    lengths: { t: length("t"), c: length("c"), z: length("z") },
    order: [...ALL].reverse(),
  };
}

function contradicted(
  { where, requested }: PageStatements,
  names: string | undefined,
  lengths: readonly number[] = [],
): ClearstackError {
  return new ClearstackError(
    "invalid-request",
    names === undefined
      ? `--axes ${requested} names ${requested!.length} axes but ${where} has ${lengths.length + 2}`
      : `${where} has the axes ${names}; leave out --axes ${requested}`,
  );
}
