/** Position and values under the pointer. */
import { voxelAt } from "../data/picture.ts";
import { PLANES } from "../state/plane.ts";
import { shortNumber } from "../state/scale_bar.ts";
import { depthAxis, type Viewer } from "../state/viewer.ts";
import type { ShownValues } from "../shown_values.ts";

interface ReadoutProps {
  readonly viewer: Viewer;
  readonly values: ShownValues;
}

/** The readout; nothing while no pointer is over the image. */
export function Readout({ viewer, values }: ReadoutProps) {
  const point = viewer.pointer.value;
  if (point === undefined) return null;
  void viewer.tilesVersion.value;
  const level = viewer.reference.value!.levels[0]!;
  const { u, v } = PLANES[viewer.plane.value];
  const place = {
    ...(viewer.projection.value ? {} : { [depthAxis(viewer)]: viewer.at.value[depthAxis(viewer)] }),
    [u]: voxelAt(level, u, point.u),
    [v]: voxelAt(level, v, point.v),
  };
  if (place[u]! < 0 || place[v]! < 0 || place[u]! >= level.shape[u] || place[v]! >= level.shape[v]) return null;
  const channel = viewer.channels.value.findIndex(({ visible }) => visible);
  const shown = viewer.shown.value.flatMap((side) => {
    const value = values.at(side, channel, point);
    return value === undefined ? [] : [`${side} ${shortNumber(value)}`];
  });
  const where = Object.entries(place).map(([axis, index]) => `${axis} ${index}`).sort().reverse();
  return <span class="readout" aria-hidden="true">{[...where, ...shown].join("  ")}</span>;
}
