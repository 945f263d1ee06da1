/**
 * The coarser levels of an output: each voxel is the mean of up to 2 x 2 x 2 voxels of the level before. Along which axes is
 * decided by how large voxels are, so that they become cubes as far as factors of 2 allow, and all axes are halved from there.
 */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Level } from "shared/contract/level.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { mapAxes, SPATIAL_AXES, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { outputObjects } from "../output_objects.ts";
import { voxelMicrometre } from "shared/psf/spacing.ts";
import { cutAsTiles } from "./tile_level.ts";

/** Levels are added until a plane is at most one chunk of viewers, which draw a whole one at once ... */
const MAX_PLANE_SIDE = 256;

/** ... and the volume at most what 3-D viewers keep as one texture. */
const MAX_VOXELS = 256 ** 3;

/** Voxels that one task writes at most, where stored objects are no larger: 16 MiB of float32. */
const TILE_VOXELS = 2 ** 22;

interface PyramidOptions {
  /** Length of a voxel of the finest level along z, y, x, all in one unit. */
  readonly spacing: Vec3;
  /** Storage of a level of a given shape. */
  readonly objects: (shape: Vec3) => Pick<Level, "chunk" | "shard">;
  /** Voxels that one task may write at most, where stored objects are no larger. @default {2 ** 22} */
  readonly tileVoxels?: number;
}

/** The levels that follow an image of this shape, finest first; none where it is small enough as it is. */
export function pyramidLevels(shape: Vec3, { spacing, objects, tileVoxels = TILE_VOXELS }: PyramidOptions): Level[] {
  const mostVoxels = Math.min(tileVoxels, TILE_VOXELS);
  const levels: Level[] = [];
  let finer = { shape, spacing };
  while (isLarge(finer.shape)) {
    const factors = levelFactors(finer.shape, finer.spacing);
    finer = {
      shape: mapAxes((axis) => Math.ceil(finer.shape[axis] / factors[axis])),
      spacing: mapAxes((axis) => finer.spacing[axis] * factors[axis]),
    };
    const stored = objects(finer.shape);
    const tile = levelTile(finer.shape, stored.shard ?? stored.chunk, mostVoxels);
    levels.push({ shape: finer.shape, factors, ...stored, tile });
  }
  return levels;
}

/** The levels of the output of a request for this image, of `volumes` volumes of this shape, by the core of its tiles. */
export function plannedLevels(
  image: ImageInfo,
  { output }: Pick<JobRequest, "output">,
  { shape, volumes }: { readonly shape: Vec3; readonly volumes: number },
): (tile: Vec3) => Level[] {
  if (output.pyramid === "none") return () => [];
  const objects = (shape: Vec3, tile: Vec3) =>
    outputObjects({ ...output, shape, tile, volumes, voxelBytes: dtypeBytes(output.dtype) });
  const { shards } = output;
  const ownedObjects = (shape: Vec3, tile: Vec3) => {
    const isCut = (axis: 0 | 1 | 2) => tile[axis] < shape[axis];
    const fits = mapAxes((axis) => typeof shards === "string" || !isCut(axis) || tile[axis] % shards[axis] === 0);
    return fits.every(Boolean) ? objects(shape, tile) : undefined;
  };
  // Of a level that is made of what is stored, no task has to own what one tile does.
  const levels = pyramidLevels(shape, { spacing: voxelSpacing(image), objects: (shape) => objects(shape, shape) });
  return (tile) => cutAsTiles(levels, { shape, tile, objects: ownedObjects });
}

/** Factors between each level and the finest one, along each axis. */
export function levelSteps(levels: readonly Pick<Level, "factors">[]): Vec3[] {
  let steps: Vec3 = [1, 1, 1];
  return levels.map(({ factors }) => steps = mapAxes((axis) => steps[axis] * factors[axis]));
}

/** Tiles of a level along each axis. */
export function levelGrid({ shape, tile }: Level): Vec3 {
  return mapAxes((axis) => Math.ceil(shape[axis] / tile[axis]));
}

/** Piece that is reduced at a time: the fewest voxels whose cells fill whole chunks of the finer level. */
export function pieceShape(finerChunk: Vec3, factors: Vec3): Vec3 {
  return mapAxes((axis) =>
    finerChunk[axis] % factors[axis] === 0 ? finerChunk[axis] / factors[axis] : finerChunk[axis]
  );
}

function isLarge(shape: Vec3): boolean {
  return shape[1] > MAX_PLANE_SIDE || shape[2] > MAX_PLANE_SIDE || voxelCount(shape) > MAX_VOXELS;
}

/** Lengths of voxels z, y, x in one unit; all 1 where an image does not tell. */
export function voxelSpacing(image: ImageInfo): Vec3 {
  const stated = mapAxes((axis) => {
    const position = image.axes.findIndex(({ name }) => name === SPATIAL_AXES[axis]);
    return position < 0 ? 1 : Math.abs(image.scale[position]!);
  });
  const spacing = voxelMicrometre(image) ?? stated;
  const known = (axis: 0 | 1 | 2) => Number.isFinite(spacing[axis]) && spacing[axis] > 0;
  // An image without z has one plane, whose thickness does not matter.
  return known(1) && known(2) ? [known(0) ? spacing[0] : 1, spacing[1], spacing[2]] : [1, 1, 1];
}

/**
 * 2 along each axis whose spacing is nearer to the finest one than to twice that, on a logarithmic scale; 1 along axes that
 * are coarser, until the others have caught up. An axis of one voxel has no say.
 */
function levelFactors(shape: Vec3, spacing: Vec3): Level["factors"] {
  const finest = Math.min(...spacing.filter((_, axis) => shape[axis]! > 1));
  return mapAxes((axis) => shape[axis] > 1 && spacing[axis] < finest * Math.SQRT2 ? 2 : 1);
}

/** Stored objects side by side along x, then y, then z, as long as they are not too many voxels for one task. */
function levelTile(shape: Vec3, object: Vec3, mostVoxels: number): Vec3 {
  let tile = object;
  for (;;) {
    const longest = ([2, 1, 0] as const).find((axis) => tile[axis] < shape[axis]);
    if (longest === undefined || 2 * voxelCount(tile) > mostVoxels) return tile;
    tile = mapAxes((axis) => axis === longest ? 2 * tile[axis] : tile[axis]);
  }
}
