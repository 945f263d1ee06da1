/** Camera over a plane: what point of the image is in the middle of the screen, and how large a unit of length is there. */

/** A point of a plane: world units to the right and downwards. */
export interface PlanePoint {
  readonly u: number;
  readonly v: number;
}

/** A rectangle of a plane, world units. */
export interface PlaneRect {
  readonly u0: number;
  readonly v0: number;
  readonly u1: number;
  readonly v1: number;
}

/** A place on the screen, CSS pixels from the top left corner of the viewport. */
export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
}

/** Size of the viewport, CSS pixels. */
export interface ViewportSize {
  readonly width: number;
  readonly height: number;
}

/** The camera. */
export interface Camera {
  readonly centre: PlanePoint;
  /** CSS pixels for a world unit. */
  readonly scale: number;
}

/** Bounds of the scale. */
interface ScaleLimits {
  readonly min: number;
  readonly max: number;
}

/** Room around an image that is shown whole, as a part of the viewport. */
export const MARGIN = 0.04;

/** A voxel is at most this wide on the screen, and an image at least this. CSS pixels. */
const MAX_VOXEL_PIXELS = 64;
const MIN_IMAGE_PIXELS = 48;

/** The camera that shows a rectangle whole, in the middle. */
export function fitCamera(rect: PlaneRect, { width, height }: ViewportSize): Camera {
  const room = 1 - 2 * MARGIN;
  const scale = Math.min(room * width / (rect.u1 - rect.u0), room * height / (rect.v1 - rect.v0));
  return { centre: { u: (rect.u0 + rect.u1) / 2, v: (rect.v0 + rect.v1) / 2 }, scale };
}

/** Scales between which an image can be looked at: from a thumbnail to single voxels. */
export function scaleLimits(rect: PlaneRect, voxel: PlanePoint): ScaleLimits {
  const longest = Math.max(rect.u1 - rect.u0, rect.v1 - rect.v0);
  const max = MAX_VOXEL_PIXELS / Math.min(voxel.u, voxel.v);
  return { min: Math.min(MIN_IMAGE_PIXELS / longest, max), max };
}

/** The point of the plane at a place of the screen. */
export function toPlane({ centre, scale }: Camera, { width, height }: ViewportSize, at: ScreenPoint): PlanePoint {
  return { u: centre.u + (at.x - width / 2) / scale, v: centre.v + (at.y - height / 2) / scale };
}

/** The place of the screen where a point of the plane is seen. */
export function toScreen({ centre, scale }: Camera, { width, height }: ViewportSize, point: PlanePoint): ScreenPoint {
  return { x: width / 2 + (point.u - centre.u) * scale, y: height / 2 + (point.v - centre.v) * scale };
}

/** The part of the plane that the viewport shows. */
export function visibleRect(camera: Camera, size: ViewportSize): PlaneRect {
  const { u: u0, v: v0 } = toPlane(camera, size, { x: 0, y: 0 });
  const { u: u1, v: v1 } = toPlane(camera, size, { x: size.width, y: size.height });
  return { u0, v0, u1, v1 };
}

/** The camera moved by so many pixels, the image following the pointer; its middle never leaves the image. */
export function panCamera(camera: Camera, by: ScreenPoint, rect: PlaneRect): Camera {
  const { centre, scale } = camera;
  const within = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  return {
    scale,
    centre: {
      u: within(centre.u - by.x / scale, rect.u0, rect.u1),
      v: within(centre.v - by.y / scale, rect.v0, rect.v1),
    },
  };
}

/** The camera nearer by `factor`, with what is at a place of the screen staying there. */
export function zoomCamera(
  camera: Camera,
  size: ViewportSize,
  { at, factor, limits }: { readonly at: ScreenPoint; readonly factor: number; readonly limits: ScaleLimits },
): Camera {
  const scale = Math.min(Math.max(camera.scale * factor, limits.min), limits.max);
  const fixed = toPlane(camera, size, at);
  return {
    scale,
    centre: { u: fixed.u - (at.x - size.width / 2) / scale, v: fixed.v - (at.y - size.height / 2) / scale },
  };
}
