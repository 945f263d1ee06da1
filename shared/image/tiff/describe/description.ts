/** What the metadata of a TIFF say of its pages, whoever wrote them. */
import type { Channel, ImageInfo } from "shared/contract/image_info.ts";

/** Axes that pages can lie along. */
export type PageAxis = "t" | "c" | "z";

/** Lengths along them. */
export type PageLengths = Readonly<Record<PageAxis, number>>;

/** Statement about the distance of neighbours along an axis. */
export interface Spacing {
  /** Absent where nothing is stated. */
  readonly distance?: number;
  /** Full name of a unit. */
  readonly unit?: string;
  /** What is stated, where it makes no sense. */
  readonly problem?: string;
}

/** Place of a plane: a page of the file, or of another one beside it. */
export interface PlanePlace {
  readonly page: number;
  readonly file?: string;
}

/** Facts of the pages of a TIFF; absent where the metadata are silent. */
export interface TiffDescription {
  /** Pages there should be. */
  readonly pages?: number;
  /** Pages along each axis. */
  readonly lengths: PageLengths;
  /** Axes of the pages, the one that changes from page to page first. */
  readonly order: readonly PageAxis[];
  /**
   * Trust in the axes: `stated`; `doubtful` where writers that know no axes fill in the same words;
   * `unnamed` where lengths are known and names are not.
   */
  readonly names: "stated" | "doubtful" | "unnamed";
  /** Lengths along axes without names, outermost first, where `names` is `unnamed`. */
  readonly outer: readonly number[];
  /**
   * The place of each plane in the order of `order`, undefined for one that has none; absent where page follows page. Made once
   * the number of pages is known to be what there can be.
   */
  readonly placePlanes?: () => readonly (PlanePlace | undefined)[];
  /** True if the file has pages of other images too. */
  readonly severalImages?: boolean;
  /** True if planes lie in other files too, so that pages of this one do not count them. */
  readonly severalFiles?: boolean;
  /** True if all pages may lie behind the first without directories of their own. */
  readonly contiguous: boolean;
  readonly spacing: Readonly<Partial<Record<PageAxis | "y" | "x", Spacing>>>;
  /**
   * Units in which XResolution and YResolution count voxels, undefined for a unit that is not named; absent where nobody says that
   * they are about the specimen.
   */
  readonly resolution?: { readonly y: string | undefined; readonly x: string | undefined };
  /** Absent where the metadata name none. */
  readonly channels?: readonly Channel[];
  readonly objective?: ImageInfo["objective"];
  readonly objectiveFrom?: ImageInfo["objectiveFrom"];
  /** Nanometres, one for each channel, of a hyperstack of ours. */
  readonly emissions?: readonly number[];
}

/** The number of the plane at these indices, where the first of `order` changes from plane to plane. */
export function planeAt(
  at: PageLengths,
  { lengths, order }: { readonly lengths: PageLengths; readonly order: readonly PageAxis[] },
): number {
  return order.toReversed().reduce((plane, axis) => plane * lengths[axis] + at[axis], 0);
}

/** The distance that a text or a number states. */
export function spacingOf(stated: unknown, name: string, unit: string | undefined): Spacing {
  if (stated === undefined || stated === null || stated === "") return {};
  const distance = Number(stated);
  if (!Number.isFinite(distance) || distance <= 0) return { problem: `${name} ${stated}` };
  return { distance, ...(unit === undefined ? {} : { unit }) };
}

/** All of t, c and z, those of `order` first. */
export function wholeOrder(order: readonly PageAxis[]): PageAxis[] {
  return [...new Set<PageAxis>([...order, "z", "c", "t"])];
}
