/**
 * One axis of a volume, as boxes see it: where its faces are and what lies beyond them. A face of the image needs no halo of
 * neighbours, for it has none; it needs the room that light beyond it takes.
 */
import type { Boundary } from "shared/contract/algorithm.ts";
import { fastSide, MAX_SIDE } from "./fast_size.ts";

/** An axis of what is deconvolved, which may be a part of a volume; all lengths in voxels. */
export interface AxisPlace {
  /** Length of what is deconvolved. */
  readonly extent: number;
  /** Voxel of the volume that it begins with. */
  readonly first: number;
  /** Length of the volume. */
  readonly whole: number;
  /** Least number of voxels read beyond a core where the volume goes on. */
  readonly halo: number;
  /** Half width of the PSF by its energy: how far beyond a face there is light that the volume's voxels tell of. */
  readonly reach: number;
  /** Length of the PSF, which a box must hold whole. */
  readonly psf: number;
  /** 0 z, 1 y, 2 x. */
  readonly axis: 0 | 1 | 2;
  readonly boundary: Boundary;
  /** What repeats, see {@link repeatedStretch}; undefined where nothing does because what lies beyond is unknown. */
  readonly repeated: Stretch | undefined;
}

/** A stretch of an axis; the start may be negative. */
export interface Stretch {
  readonly start: number;
  readonly length: number;
}

/**
 * The volume with what the boundary rule puts around it, beyond which all of it repeats, counted from the volume's first voxel: the
 * rule holds as far as the PSF reaches, so no voxel sees the other side's. It depends on the volume alone, so that a tile at a face
 * sees what a box around the whole volume sees.
 */
export function repeatedStretch(
  { whole, halo, reach, psf, axis, boundary }: Omit<AxisPlace, "repeated">,
): Stretch | undefined {
  if (boundary === "non-circulant") return undefined;
  if (boundary === "periodic") return { start: 0, length: whole };
  const least = Math.max(whole + 2 * Math.min(halo, reach), psf);
  // No box is longer, so it need be none.
  const length = least > MAX_SIDE ? least : fastSide(least, axis);
  return { start: -Math.floor((length - whole) / 2), length };
}

/**
 * Box around a core, in voxels of what is deconvolved: a fast side that holds the PSF, no longer than it must be.
 *
 * - Inside the volume the halo on both sides, grown with real neighbours; the box wraps around.
 * - Where that is no less than all that repeats, that: it wraps around as the volume does, and errs nowhere.
 * - With unknown edges, whatever of the halo lies beyond a face is left out. The voxels that are left are treated as known and all
 *   others as not, which is exact as long as no voxel beyond one end is reached from the other: twice the reach of the PSF.
 *
 * @param side of the box, for boxes that share a shape. @default {the least}
 */
export function boxAround(place: AxisPlace, core: Stretch, side?: number): Stretch {
  const { first, whole, halo, reach, psf, axis, repeated } = place;
  const wrapped = core.length + 2 * halo;
  const least = (length: number) => fastSide(Math.max(length, psf), axis);
  if (repeated !== undefined) {
    const isBox = repeated.length >= psf && repeated.length <= MAX_SIDE && least(repeated.length) === repeated.length;
    const length = side ?? (isBox ? Math.min(least(wrapped), repeated.length) : least(wrapped));
    if (isBox && length === repeated.length) return { start: repeated.start - first, length };
    return centred(core, length);
  }
  const [low, high] = [Math.max(-first, core.start - halo), Math.min(whole - first, core.start + core.length + halo)];
  const [atLow, atHigh] = [low > core.start - halo, high < core.start + core.length + halo];
  const known = high - low + 2 * reach;
  const isFree = (atLow || atHigh) && known < wrapped;
  const length = side ?? least(isFree ? known : wrapped);
  if (!(atLow || atHigh) || length < known) return centred(core, length);
  if (atLow && atHigh) return centred({ start: low, length: high - low }, length);
  // What the box has grown by goes to the side where the volume goes on.
  return { start: atLow ? low - 2 * reach : high + 2 * reach - length, length };
}

function centred({ start, length }: Stretch, side: number): Stretch {
  return { start: start - Math.floor((side - length) / 2), length: side };
}
