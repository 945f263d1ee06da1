/** The scale bar over the picture. */
import { scaleBar } from "../state/scale_bar.ts";
import type { Viewer } from "../state/viewer.ts";

/** Longest bar: a quarter of the picture, and not more than this, CSS pixels. */
const MAX_PIXELS = 180;

/** The bar and its length. */
export function ScaleBarMark({ viewer }: { readonly viewer: Viewer }) {
  const { camera, size, reference } = viewer;
  if (camera.value === undefined || size.value.width === 0) return null;
  const room = Math.min(MAX_PIXELS, size.value.width / 4);
  const { pixels, label } = scaleBar(camera.value.scale, reference.value!.unit, room);
  return (
    <div class="scale-bar" role="img" aria-label={`Scale bar: ${label}`}>
      <span>{label}</span>
      <i style={{ width: `${pixels}px` }} />
    </div>
  );
}
