/** The region of the image that is on the screen, in voxels of full resolution. */
import { mapAxes, SPATIAL_AXES } from "shared/volume/geometry.ts";
import { voxelAt } from "../data/picture.ts";
import { visibleRect } from "../state/camera.ts";
import { PLANES, type SpaceAxis } from "../state/plane.ts";
import type { Viewer } from "../state/viewer.ts";
import type { WantedRegion } from "./messages.ts";

/** All planes of what is seen; undefined where no voxel is. */
export function regionInView(viewer: Viewer): WantedRegion | undefined {
  const { camera, size, plane, at } = viewer;
  if (camera.value === undefined) return undefined;
  const level = viewer.reference.value!.levels[0]!;
  const { u, v, w } = PLANES[plane.value];
  const seen = visibleRect(camera.value, size.value);
  const ends: Readonly<Record<SpaceAxis, readonly [number, number]>> = {
    ...{ z: [0, 0], y: [0, 0], x: [0, 0] },
    [u]: [voxelAt(level, u, seen.u0), voxelAt(level, u, seen.u1) + 1],
    [v]: [voxelAt(level, v, seen.v0), voxelAt(level, v, seen.v1) + 1],
    [w]: [0, level.shape[w]],
  };
  const inside = (axis: SpaceAxis) =>
    ends[axis].map((end) => Math.min(Math.max(end, 0), level.shape[axis])) as [number, number];
  const start = mapAxes((axis) => inside(SPATIAL_AXES[axis])[0]);
  const stop = mapAxes((axis) => inside(SPATIAL_AXES[axis])[1]);
  if (start.some((first, axis) => first >= stop[axis]!)) return undefined;
  const middle = mapAxes((axis) => SPATIAL_AXES[axis] === w ? at.value[w] : Math.floor((start[axis] + stop[axis]) / 2));
  return { start, shape: mapAxes((axis) => stop[axis] - start[axis]), middle, depthAxis: axisNumber(w) };
}

/** All of the volume. */
export function wholeRegion(viewer: Viewer): WantedRegion {
  const { shape } = viewer.reference.value!.levels[0]!;
  const { w } = PLANES[viewer.plane.value];
  const middle = mapAxes((axis) => {
    const name = SPATIAL_AXES[axis];
    return name === w ? viewer.at.value[w] : shape[name] >> 1;
  });
  const whole = mapAxes((axis) => shape[SPATIAL_AXES[axis]]);
  return { start: [0, 0, 0], shape: whole, middle, depthAxis: axisNumber(w) };
}

function axisNumber(axis: SpaceAxis): 0 | 1 | 2 {
  return SPATIAL_AXES.indexOf(axis) as 0 | 1 | 2;
}
