/** Tiles of a plane: which there are in what is seen, and which chunks each is cut from. */
import type { PlaneRect } from "../state/camera.ts";
import { type PlaneName, PLANES, type SpaceAxis } from "../state/plane.ts";
import { edgeOf, type Picture, type PictureLevel, voxelAt } from "./picture.ts";

/** Tiles are cut from single chunks and are at most this wide, voxels: every GPU has textures of this side. */
const MAX_TILE_SIDE = 1024;

/** A run of voxels along an axis inside one chunk. */
export interface Span {
  /** First voxel of the image. */
  readonly start: number;
  readonly length: number;
  /** Index of the chunk. */
  readonly chunk: number;
  /** First voxel in the chunk. */
  readonly offset: number;
}

/** Picks planes out of a picture. */
export interface PlanePick {
  readonly plane: PlaneName;
  readonly channel: number;
  readonly time: number;
  /** World position along the axis into the screen; `all` for the maximum projection. */
  readonly depth: number | "all";
}

/** A tile that is wanted. */
export interface TileRequest {
  /** Names the tile: same key, same values. */
  readonly key: string;
  readonly picture: Picture;
  readonly level: number;
  readonly pick: PlanePick;
  readonly u: Span;
  readonly v: Span;
  /** Planes that it is made of: one, or those of every chunk on the way into the screen. */
  readonly w: readonly Span[];
  readonly rect: PlaneRect;
}

/** The tiles of a level that a part of the plane touches, from the middle outwards; none where the plane misses the image. */
export function visibleTiles(picture: Picture, level: number, pick: PlanePick, seen: PlaneRect): TileRequest[] {
  const image = picture.levels[level]!;
  if (pick.channel >= image.shape.c || pick.time >= image.shape.t) return [];
  const { u, v, w } = PLANES[pick.plane];
  const depth = depthSpans(image, w, pick.depth);
  if (depth.length === 0) return [];
  const inner = pick.depth === "all" ? "all" : depth[0]!.start;
  const prefix = `${picture.url} ${level} ${pick.plane} ${pick.time} ${pick.channel} ${inner}`;
  const tiles: TileRequest[] = [];
  for (const vSpan of spansWithin(image, v, seen.v0, seen.v1)) {
    for (const uSpan of spansWithin(image, u, seen.u0, seen.u1)) {
      const rect = {
        u0: edgeOf(image, u, uSpan.start),
        v0: edgeOf(image, v, vSpan.start),
        u1: edgeOf(image, u, uSpan.start + uSpan.length),
        v1: edgeOf(image, v, vSpan.start + vSpan.length),
      };
      tiles.push({
        key: `${prefix} ${uSpan.start} ${vSpan.start}`,
        picture,
        level,
        pick,
        u: uSpan,
        v: vSpan,
        w: depth,
        rect,
      });
    }
  }
  return fromMiddle(tiles, seen);
}

function depthSpans(image: PictureLevel, axis: SpaceAxis, depth: number | "all"): Span[] {
  if (depth === "all") return spans(image, axis, 0, image.shape[axis], image.chunk[axis]);
  const index = voxelAt(image, axis, depth);
  return index < 0 || index >= image.shape[axis] ? [] : spans(image, axis, index, index + 1, image.chunk[axis]);
}

function spansWithin(image: PictureLevel, axis: SpaceAxis, low: number, high: number): Span[] {
  const start = Math.max(0, voxelAt(image, axis, low));
  const stop = Math.min(image.shape[axis], voxelAt(image, axis, high) + 1);
  const tile = Math.min(image.chunk[axis], MAX_TILE_SIDE);
  const whole = spans(image, axis, 0, image.shape[axis], tile, { start, stop });
  return whole;
}

/**
 * Runs of at most `most` voxels that lie in one chunk each. Of those from `start` to `stop`, the ones that touch `touched`.
 */
function spans(
  image: PictureLevel,
  axis: SpaceAxis,
  start: number,
  stop: number,
  most: number,
  touched: { readonly start: number; readonly stop: number } = { start, stop },
): Span[] {
  const chunkSide = image.chunk[axis];
  const found: Span[] = [];
  const firstChunk = Math.floor(Math.max(start, touched.start) / chunkSide);
  for (let chunk = firstChunk; chunk * chunkSide < Math.min(stop, touched.stop); chunk++) {
    const chunkStop = Math.min(stop, (chunk + 1) * chunkSide);
    for (let at = Math.max(start, chunk * chunkSide); at < chunkStop; at += most) {
      const length = Math.min(most, chunkStop - at);
      if (at + length <= touched.start || at >= touched.stop) continue;
      found.push({ start: at, length, chunk, offset: at - chunk * chunkSide });
    }
  }
  return found;
}

/** What the eye rests on comes first. */
function fromMiddle(tiles: TileRequest[], seen: PlaneRect): TileRequest[] {
  const [u, v] = [(seen.u0 + seen.u1) / 2, (seen.v0 + seen.v1) / 2];
  const distance = ({ rect }: TileRequest) => Math.hypot((rect.u0 + rect.u1) / 2 - u, (rect.v0 + rect.v1) / 2 - v);
  return tiles.map((tile) => ({ tile, distance: distance(tile) }))
    .sort((one, other) => one.distance - other.distance)
    .map(({ tile }) => tile);
}

/** Index of the chunk of a tile at a depth, along the axes of its array. */
export function chunkCoords({ picture, level, pick, u, v }: TileRequest, w: Span): number[] {
  const image = picture.levels[level]!;
  const axes = PLANES[pick.plane];
  const along = {
    t: Math.floor(pick.time / image.chunk.t),
    c: Math.floor(pick.channel / image.chunk.c),
    [axes.u]: u.chunk,
    [axes.v]: v.chunk,
    [axes.w]: w.chunk,
  } as Record<(typeof image.axes)[number], number>;
  return image.axes.map((axis) => along[axis]);
}

/** Chunks that a maximum projection reads at most: the finest level that keeps to this is taken. */
const MAX_PROJECTED_BYTES = 512 * 2 ** 20;

/**
 * The level to look at: the coarsest whose voxels are no larger than a pixel of the screen, level 0 where none is. For a projection
 * one that can be read whole in reasonable time.
 *
 * @param pixels device pixels for a world unit
 */
export function chooseLevel(picture: Picture, pick: PlanePick, seen: PlaneRect, pixels: number): number {
  const { u, v, w } = PLANES[pick.plane];
  const { levels } = picture;
  const fine = levels.findLastIndex(({ spacing }) => Math.max(spacing[u], spacing[v]) * pixels <= 1);
  const wanted = Math.max(0, fine);
  if (pick.depth !== "all") return wanted;
  const isSmall = (level: PictureLevel) => {
    const voxels = voxelsSeen(level, u, seen.u0, seen.u1) * voxelsSeen(level, v, seen.v0, seen.v1) * level.shape[w];
    return voxels * BYTES_PER_VOXEL <= MAX_PROJECTED_BYTES;
  };
  const small = levels.findIndex((level, index) => index >= wanted && isSmall(level));
  return small < 0 ? levels.length - 1 : small;
}

/** Of most microscopes. */
const BYTES_PER_VOXEL = 2;

/** Voxels along an axis in the chunks that a part of it touches. */
function voxelsSeen(level: PictureLevel, axis: SpaceAxis, low: number, high: number): number {
  return spansWithin(level, axis, low, high).reduce((sum, { length }) => sum + length, 0);
}
