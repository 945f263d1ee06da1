/**
 * Tasks that need less device memory, for devices that turn out to have less than was planned with. A tile in pieces is what a
 * job with smaller tiles would have computed: it differs within the bound that holds for seams.
 */
import { boxAround } from "shared/plan/axis_place.ts";
import { axisPlaces } from "shared/plan/axis_places.ts";
import type { PilotTask } from "shared/contract/pilot.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { SeamTask } from "shared/contract/seam.ts";
import type { Piece, TileTask } from "shared/contract/tile.ts";
import { placeAround } from "./seam_place.ts";
import { type Box, mapAxes, sameShape, type Vec3 } from "shared/volume/geometry.ts";

/** The tile with every piece cut in two, along whole chunks; undefined where a piece is one chunk. */
export function smallerTile(plan: Plan, task: TileTask): TileTask | undefined {
  const pieces = (task.pieces ?? [task.tile]).map(({ core }) => halves(plan, core));
  return pieces.includes(undefined) ? undefined : { ...task, pieces: pieces.flatMap((pair) => pair!) };
}

/** The tile measured in half of its core, the first; undefined where the core is one chunk. */
export function smallerPilot(plan: Plan, task: PilotTask): PilotTask | undefined {
  const half = halves(plan, task.tile.core)?.[0];
  // No tile is computed as that half.
  const { keep: _, ...measured } = task;
  return half && { ...measured, tile: { ...task.tile, ...half } };
}

/** The place compared half as far around its seams, with the box that takes; undefined where the box would not shrink. */
export function smallerPlace(plan: Plan, task: SeamTask): SeamTask | undefined {
  const { core, box } = task.tile;
  const seams = mapAxes((axis) => seamIn(plan, axis, core));
  const reach = mapAxes((axis) => Math.ceil(core.shape[axis] / 4));
  const places = axisPlaces(plan);
  const most = mapAxes((axis) => {
    const seam = seams[axis];
    if (seam === undefined) return box.shape[axis];
    // As for a tile, of which the middle half is compared.
    const around = { start: seam - 2 * reach[axis], length: 4 * reach[axis] };
    return Math.min(box.shape[axis], boxAround(places[axis], around).length);
  });
  if (sameShape(most, box.shape)) return undefined;
  return { ...task, tile: { ...task.tile, ...placeAround(plan, { seams, reach }, most) } };
}

/** The border of two tiles that a core holds. */
function seamIn({ tile }: Plan, axis: 0 | 1 | 2, { start, shape }: Box): number | undefined {
  const seam = (Math.floor(start[axis] / tile[axis]) + 1) * tile[axis];
  return seam < start[axis] + shape[axis] ? seam : undefined;
}

/** Both halves of a core, cut where that shrinks the box most. */
function halves(plan: Plan, core: Box): [Piece, Piece] | undefined {
  const cuttable = ([0, 1, 2] as const).filter((axis) => core.shape[axis] > plan.chunk[axis]);
  if (cuttable.length === 0) return undefined;
  const longer = (axis: 0 | 1 | 2) => Math.ceil(core.shape[axis] / plan.chunk[axis] / 2) * plan.chunk[axis];
  const places = axisPlaces(plan);
  const sideOf = (axis: 0 | 1 | 2, length: number) =>
    boxAround(places[axis], { start: core.start[axis], length }).length;
  const left = (axis: 0 | 1 | 2) => sideOf(axis, longer(axis)) / sideOf(axis, core.shape[axis]);
  const axis = cuttable.reduce((best, other) => left(other) < left(best) ? other : best);
  const withSpan = (start: number, length: number): Box => ({
    start: replaced(core.start, axis, start),
    shape: replaced(core.shape, axis, length),
  });
  const first = withSpan(core.start[axis], longer(axis));
  const second = withSpan(core.start[axis] + longer(axis), core.shape[axis] - longer(axis));
  return [pieceOf(plan, first), pieceOf(plan, second)];
}

/** A core and the box around it, with the plan's halo. */
function pieceOf(plan: Plan, core: Box): Piece {
  const places = axisPlaces(plan);
  const spans = mapAxes((axis) => boxAround(places[axis], { start: core.start[axis], length: core.shape[axis] }));
  return { core, box: { start: mapAxes((a) => spans[a].start), shape: mapAxes((a) => spans[a].length) } };
}

function replaced(triple: Vec3, axis: 0 | 1 | 2, value: number): Vec3 {
  return mapAxes((a) => a === axis ? value : triple[a]);
}
