/**
 * Finds the axes that the pages of a TIFF lie along, and the page of each plane. Never guesses where it could be wrong.
 */
import type { Location } from "shared/contract/location.ts";
import type { Warning } from "shared/contract/problem.ts";
import { ClearstackError } from "shared/errors.ts";
import {
  type PageAxis,
  type PageLengths,
  planeAt,
  type PlanePlace,
  type TiffDescription,
} from "./describe/description.ts";

interface PageStatements {
  /** For messages. */
  readonly where: string;
  /** Pages that there are. */
  readonly listed: number;
  readonly description: TiffDescription;
  /** From the request: `zyx`, `tczyx` and the like. */
  readonly requested?: string | undefined;
  /** True takes pages along one axis as planes of z, whatever they are called. */
  readonly pagesAreZ: boolean;
  /** From the request: `as-listed` takes the pages that are there. */
  readonly pages?: Location["pages"];
  /** True for raw pages without directories, which end with the file. */
  readonly isRaw: boolean;
  /** Directories that are marked as reduced images or masks. */
  readonly leftOut: number;
}

/** The axes before y and x. */
export interface PageAxes {
  /** A part of t, c, z in that order. */
  readonly names: readonly PageAxis[];
  /** Length along each of `names`. */
  readonly lengths: readonly number[];
  /** The place of the plane at an index along each of `names`. */
  placeAt(at: readonly number[]): PlanePlace;
  readonly warnings: readonly Warning[];
}

const ALL: readonly PageAxis[] = ["t", "c", "z"];

const WORDS: Readonly<Record<PageAxis, string>> = { t: "time points", c: "channels", z: "planes of z" };

/**
 * Decides the axes: what the description states, then the request. Axes of length 1 are left out unless they are asked for.
 *
 * @throws {ClearstackError} `unsupported` if the file contradicts itself, `invalid-request` if the request is needed or contradicts it
 */
export function decidePageAxes(statements: PageStatements): PageAxes {
  const { where, listed, description } = statements;
  const named = namedAxes(statements, description.pages ?? listed);
  const product = named.lengths.t * named.lengths.c * named.lengths.z;
  const pages = statements.pages === "as-listed" ? product : description.pages ?? listed;
  if (product !== pages) {
    const { t, c, z } = named.lengths;
    throw new ClearstackError(
      "unsupported",
      `${where} says it has ${c} channels, ${t} time points and ${z} planes of z, which does not make ${pages} images`,
    );
  }
  const { lengths, places, warnings } = wholePart(statements, named, pages);
  return {
    names: named.names,
    lengths: named.names.map((name) => lengths[name]),
    warnings,
    placeAt(at) {
      const index = { t: 0, c: 0, z: 0, ...Object.fromEntries(named.names.map((name, axis) => [name, at[axis]!])) };
      // Planes are numbered as stated, also where the last ones are not there.
      const plane = planeAt(index, named);
      return places?.[plane] ?? { page: plane };
    },
  };
}

interface WholePart {
  readonly lengths: PageLengths;
  readonly places: readonly (PlanePlace | undefined)[] | undefined;
  readonly warnings: readonly Warning[];
}

/**
 * All planes that are stated; or, if that is asked for, those that are there, cut to whole time points, or to whole ones of whatever
 * changes last.
 */
function wholePart(statements: PageStatements, { lengths, order }: Named, pages: number): WholePart {
  const { where, listed, description, pages: mode, isRaw, leftOut } = statements;
  const { placePlanes, severalFiles = false, severalImages = false } = description;
  const asListed = mode === "as-listed";
  const contradicts = severalImages && placePlanes !== undefined ? listed < pages : listed !== pages;
  if (!severalFiles && contradicts && !asListed) {
    const marked = leftOut === 0 ? "" : ` (and ${leftOut} that are marked as reduced or as masks)`;
    throw new ClearstackError(
      isRaw ? "corrupt-data" : "unsupported",
      `${where} says it has ${pages} images and ` +
        `${isRaw ? "ends after" : "lists"} ${listed}${marked}; to take the pages ` +
        "that are there, say --pages as-listed",
      { need: pages, limit: listed },
    );
  }
  if (placePlanes === undefined && listed === pages) return { lengths, places: undefined, warnings: [] };
  const places = placePlanes?.();
  const isThere = (plane: number) => {
    if (places === undefined) return plane < listed;
    const place = places[plane];
    return place !== undefined && (place.file !== undefined || severalFiles || place.page < listed);
  };
  const most = places?.length ?? listed;
  let there = 0;
  while (there < most && isThere(there)) there++;
  if (there === pages) return { lengths, places, warnings: [] };
  if (!asListed) {
    const placed = places!.filter((place) => place !== undefined).length;
    throw new ClearstackError(
      "corrupt-data",
      `${where} has OME-XML of ${pages} planes that places ${placed} of them; to take those that are there, say ` +
        "--pages as-listed",
    );
  }
  const last = order.findLast((axis) => lengths[axis] > 1);
  const inner = last === undefined ? 1 : pages / lengths[last];
  const whole = Math.floor(there / inner);
  if (last === undefined || whole === 0) {
    const parts = last === undefined ? "one image" : `${lengths[last]} ${WORDS[last]} of ${inner}`;
    throw new ClearstackError("unsupported", `${where} says it has ${parts}, and has ${there} pages`);
  }
  const rest = there % inner === 0 ? "" : `, and leaves out ${there % inner} pages of the next`;
  return {
    lengths: { ...lengths, [last]: whole },
    places,
    warnings: [{
      code: "pages-left-out",
      level: "warning",
      message: `${where} says it has ${pages} images and has ${there}: this takes ${whole} of ${lengths[last]} ` +
        `${WORDS[last]}${rest}, as --pages as-listed asks for`,
    }],
  };
}

interface Named {
  readonly names: readonly PageAxis[];
  readonly lengths: PageLengths;
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
