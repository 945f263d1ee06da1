/** The part of an image that a crop takes, framed in its picture. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Select } from "shared/contract/job_request.ts";
import { MARGIN } from "../../state/camera.ts";

interface CropFrameProps {
  readonly image: ImageInfo;
  /** Voxels `[start, stop)` along each axis; all where one is left out. */
  readonly box: NonNullable<Select["box"]>;
}

/** Where the viewer fits an image into its viewport. */
const PLACE = { inset: `${100 * MARGIN}%`, width: `${100 - 200 * MARGIN}%`, height: `${100 - 200 * MARGIN}%` };

/** The frame over a picture in which the whole image is fitted; nothing where the crop takes all, or reaches beyond the image. */
export function CropFrame({ image: { shape, scale }, box }: CropFrameProps) {
  const [height, width] = shape.slice(-2) as [number, number];
  const [ratioY, ratioX] = scale.slice(-2).map(Math.abs) as [number, number];
  const { y: [top, bottom] = [0, height], x: [left, right] = [0, width] } = box;
  const isPart = bottom - top < height || right - left < width;
  if (!isPart || bottom > height || right > width || top >= bottom || left >= right) return null;
  return (
    <svg
      class="crop"
      style={PLACE}
      viewBox={`0 0 ${width * ratioX} ${height * ratioY}`}
      role="img"
      aria-label="The part that the crop takes"
    >
      <rect
        x={left * ratioX}
        y={top * ratioY}
        width={(right - left) * ratioX}
        height={(bottom - top) * ratioY}
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}
