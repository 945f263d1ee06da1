/**
 * Tasks that need less device memory, for devices that turn out to have less than was planned with. A tile in pieces is what a
 * job with smaller tiles would have computed: it differs within the bound that holds for seams.
 */
import { boxSide } from "shared/plan/axis_cut.ts";
import type { PilotTask } from "shared/contract/pilot.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { SeamTask } from "shared/contract/seam.ts";
import type { Piece, TileTask } from "shared/contract/tile.ts";
import { type Box, mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** The tile with every piece cut in two, along whole chunks; undefined where a piece is one chunk. */
export function smallerTile(plan: Plan, task: TileTask): TileTask | undefined {
  const pieces = (task.pieces ?? [task.tile]).map(({ core }) => halves(plan, core));
  return pieces.includes(undefined) ? undefined : { ...task, pieces: pieces.flatMap((pair) => pair!) };
}

/** The tile measured in half of its core, the first; undefined where the core is one chunk. */
export function smallerPilot(plan: Plan, task: PilotTask): PilotTask | undefined {
  const half = halves(plan, task.tile.core)?.[0];
  return half && { ...task, tile: { ...task.tile, ...half } };
}

/** The place compared half as far around its middle, with the box that takes; undefined where the box would not shrink. */
export function smallerPlace(plan: Plan, task: SeamTask): SeamTask | undefined {
  const { core, box } = task.tile;
  const middle = mapAxes((axis) => box.start[axis] + (box.shape[axis] >> 1));
  const reach = mapAxes((axis) => Math.ceil(core.shape[axis] / 4));
  const start = mapAxes((axis) => Math.max(core.start[axis], middle[axis] - reach[axis]));
  const end = mapAxes((axis) => Math.min(core.start[axis] + core.shape[axis], middle[axis] + reach[axis]));
  // As for a tile, of which the middle half is compared.
  const sides = mapAxes((axis) => Math.min(box.shape[axis], sideAround(plan, axis, 4 * reach[axis])));
  if (sides.every((side, axis) => side === box.shape[axis])) return undefined;
  const boxStart = mapAxes((axis) => middle[axis] - (sides[axis] >> 1));
  const shape = mapAxes((axis) => end[axis] - start[axis]);
  return { ...task, tile: { ...task.tile, core: { start, shape }, box: { start: boxStart, shape: sides } } };
}

/** Both halves of a core, cut where that shrinks the box most. */
function halves(plan: Plan, core: Box): [Piece, Piece] | undefined {
  const cuttable = ([0, 1, 2] as const).filter((axis) => core.shape[axis] > plan.chunk[axis]);
  if (cuttable.length === 0) return undefined;
  const longer = (axis: 0 | 1 | 2) => Math.ceil(core.shape[axis] / plan.chunk[axis] / 2) * plan.chunk[axis];
  const left = (axis: 0 | 1 | 2) => sideAround(plan, axis, longer(axis)) / sideAround(plan, axis, core.shape[axis]);
  const axis = cuttable.reduce((best, other) => left(other) < left(best) ? other : best);
  const withSpan = (start: number, length: number): Box => ({
    start: replaced(core.start, axis, start),
    shape: replaced(core.shape, axis, length),
  });
  const first = withSpan(core.start[axis], longer(axis));
  const second = withSpan(core.start[axis] + longer(axis), core.shape[axis] - longer(axis));
  return [pieceOf(plan, first), pieceOf(plan, second)];
}

function pieceOf(plan: Plan, core: Box): Piece {
  const shape = mapAxes((axis) => sideAround(plan, axis, core.shape[axis]));
  const start = mapAxes((axis) => core.start[axis] - ((shape[axis] - core.shape[axis]) >> 1));
  return { core, box: { start, shape } };
}

/** Side of the box around a core of this length, with the plan's halo. */
function sideAround({ shape, halo, psf }: Plan, axis: 0 | 1 | 2, length: number): number {
  return boxSide({ extent: shape[axis], core: length, halo: halo[axis], psf: psf.shape[axis], axis }, length);
}

function replaced(triple: Vec3, axis: 0 | 1 | 2, value: number): Vec3 {
  return mapAxes((a) => a === axis ? value : triple[a]);
}
