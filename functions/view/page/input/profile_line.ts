/** The line that a profile is taken along: where it begins, and how it is moved. */
import type { PlanePoint, ScreenPoint } from "../state/camera.ts";
import { visibleRect } from "../state/camera.ts";
import { announce, imageRect, type ProfileLine, type Viewer } from "../state/viewer.ts";

/** Part of what is seen that a new line runs through. */
const LENGTH = 0.5;

/** Begins a profile across the middle of what is seen, or ends it. */
export function toggleProfile(viewer: Viewer): void {
  const { line, camera, size } = viewer;
  if (line.value !== undefined || camera.value === undefined) {
    line.value = undefined;
    announce(viewer, "Line profile closed");
    return;
  }
  const [seen, image] = [visibleRect(camera.value, size.value), imageRect(viewer)];
  const [u0, u1] = [Math.max(seen.u0, image.u0), Math.min(seen.u1, image.u1)];
  const v = (Math.max(seen.v0, image.v0) + Math.min(seen.v1, image.v1)) / 2;
  const half = LENGTH * (u1 - u0) / 2;
  const middle = (u0 + u1) / 2;
  line.value = [{ u: middle - half, v }, { u: middle + half, v }];
  announce(viewer, "Line profile: move its two ends with the arrow keys, or drag them");
}

/** Moves an end of the line, within the image. */
export function moveLineEnd(viewer: Viewer, end: 0 | 1, to: PlanePoint): void {
  const { line } = viewer;
  if (line.value === undefined) return;
  const { u0, v0, u1, v1 } = imageRect(viewer);
  const within = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  line.value = line.value.with(end, { u: within(to.u, u0, u1), v: within(to.v, v0, v1) }) as unknown as ProfileLine;
}

/** Moves an end by pixels of the screen. */
export function nudgeLineEnd(viewer: Viewer, end: 0 | 1, by: ScreenPoint): void {
  const { line, camera } = viewer;
  if (line.value === undefined || camera.value === undefined) return;
  const from = line.value[end];
  const { scale } = camera.value;
  moveLineEnd(viewer, end, { u: from.u + by.x / scale, v: from.v + by.y / scale });
}
