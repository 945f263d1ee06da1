/** The chunks that a box of voxels is made of, and where their voxels stand in it. */
import type { Boundary } from "shared/contract/algorithm.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { type Box, mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { alongSpatialAxes, placeInVolume } from "shared/volume/spatial.ts";
import type { Image } from "../image.ts";
import { axisMaps, type AxisPiece, splitByChunk } from "./axis_map.ts";
import { storedOuter } from "./select_volumes.ts";

/** Voxels of a box, and the rule for what lies outside the image. */
export interface BoxOptions extends RequestOptions {
  /** Index along each axis before z, y, x; empty where there is none. */
  readonly outer: readonly number[];
  /** Voxels in z, y, x; may reach outside the image by any amount. A 2-D image has one plane, z = 0. Around a part, the rest is read. */
  readonly box: Box;
  /** `non-circulant` leaves 0 outside the image. */
  readonly boundary: Boundary;
  /** The volume and what the rule puts around it, in its voxels, beyond which it repeats. @default {the rule holds everywhere} */
  readonly repeated?: Box | undefined;
  /** Value outside the image where boundary is `constant`. @default {0} */
  readonly boundaryValue?: number | undefined;
  /** Added to every value, in double precision, before it is rounded; not to what non-circulant leaves 0. @default {0} */
  readonly offset?: number | undefined;
  /** Reads only every so manieth voxel along z, y, x, beginning with the first. @default {[1, 1, 1]} */
  readonly steps?: Vec3 | undefined;
}

/** One chunk, and the positions of its voxels. */
export interface ChunkVisit {
  /** Index of the chunk along z, y, x. */
  readonly at: Vec3;
  readonly pieces: readonly [AxisPiece, AxisPiece, AxisPiece];
}

/** What a box is made of. */
interface BoxChunks {
  /** Index along each axis before z, y, x, as stored. */
  readonly outer: readonly number[];
  /** For every position along z, y, x: the voxel that stands there, or `OUTSIDE`. */
  readonly maps: readonly [Int32Array, Int32Array, Int32Array];
  /** Each chunk once, however often the rule repeats it, x fastest. */
  readonly visits: readonly ChunkVisit[];
}

export function boxChunks({ info }: Image, { outer, box, boundary, repeated, steps }: BoxOptions): BoxChunks {
  const { start, whole } = placeInVolume(info);
  const sides = alongSpatialAxes(info, info.chunkShape);
  const inVolume = { ...box, start: mapAxes((axis) => start[axis] + box.start[axis]) };
  const all = axisMaps({ box: inVolume, whole, repeated }, boundary);
  const maps = steps ? mapAxes((axis) => all[axis].filter((_, position) => position % steps[axis] === 0)) : all;
  const [zs, ys, xs] = mapAxes((axis) => splitByChunk(maps[axis], sides[axis]));
  const visits = zs.flatMap((z) =>
    ys.flatMap((y) => xs.map((x): ChunkVisit => ({ at: [z.chunk, y.chunk, x.chunk], pieces: [z, y, x] })))
  );
  return { outer: storedOuter(info, outer), maps, visits };
}
