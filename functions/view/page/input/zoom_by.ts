/** Zooming about a place of the screen. */
import { scaleLimits, type ScreenPoint, zoomCamera } from "../state/camera.ts";
import { PLANES } from "../state/plane.ts";
import { imageRect, type Viewer } from "../state/viewer.ts";

/** Zooms by a factor. @param at what stays where it is. @default {the middle of the viewport} */
export function zoomBy(viewer: Viewer, factor: number, at?: ScreenPoint): void {
  const { camera, size, plane, reference } = viewer;
  if (camera.value === undefined) return;
  const { u, v } = PLANES[plane.value];
  const { spacing } = reference.value!.levels[0]!;
  const limits = scaleLimits(imageRect(viewer), { u: spacing[u], v: spacing[v] });
  const middle = { x: size.value.width / 2, y: size.value.height / 2 };
  camera.value = zoomCamera(camera.value, size.value, { at: at ?? middle, factor, limits });
}
