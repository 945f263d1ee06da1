/** Parts of the box that is run. */
import { type Box, mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** The whole box as a part of itself. */
export function wholeBox(box: Vec3): Box {
  return { start: [0, 0, 0], shape: box };
}

/** The voxels that two parts share; no side of its shape is negative. */
export function intersection(a: Box, b: Box): Box {
  const start = mapAxes((axis) => Math.max(a.start[axis], b.start[axis]));
  const end = mapAxes((axis) => Math.min(a.start[axis] + a.shape[axis], b.start[axis] + b.shape[axis]));
  return { start, shape: mapAxes((axis) => Math.max(0, end[axis] - start[axis])) };
}
