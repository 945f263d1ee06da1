/** A frame around the region that was deconvolved: what lies outside of it was not. */
import { planeRect } from "../data/picture.ts";
import { toScreen } from "../state/camera.ts";
import type { Viewer } from "../state/viewer.ts";
import { isPreview } from "./preview_picture.ts";

/** The frame; nothing without a preview on the screen. */
export function RegionFrame({ viewer }: { readonly viewer: Viewer }) {
  const { pictures, shown, plane, camera, size } = viewer;
  const { after } = pictures.value;
  if (after === undefined || camera.value === undefined || !isPreview(after) || !shown.value.includes("after")) {
    return null;
  }
  const { u0, v0, u1, v1 } = planeRect(after, plane.value);
  const near = toScreen(camera.value, size.value, { u: u0, v: v0 });
  const far = toScreen(camera.value, size.value, { u: u1, v: v1 });
  const style = {
    left: `${near.x}px`,
    top: `${near.y}px`,
    width: `${far.x - near.x}px`,
    height: `${far.y - near.y}px`,
  };
  return <div class="region" style={style} aria-hidden="true" />;
}
