/** Pointers over the picture: one moves it, two zoom, and the wheel zooms or turns the planes. */
import { panCamera, type ScreenPoint, toPlane } from "../state/camera.ts";
import { depthAxis, imageRect, moveTo, type Viewer } from "../state/viewer.ts";
import { zoomBy } from "./zoom_by.ts";

/** Zoom for a pixel of wheel: about a fifth nearer for a notch of a mouse. */
const ZOOM_PER_WHEEL_PIXEL = 0.002;

/** Pixels of a line and of a page of the wheel, where it counts in those. */
const WHEEL_UNITS = [1, 16, 400];

/** Follows the pointers over an element. @returns stops following */
export function followPointers(viewer: Viewer, element: HTMLElement): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const held = new Map<number, ScreenPoint>();
  const placeOf = (event: MouseEvent): ScreenPoint => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 && event.button !== 1) return;
    element.setPointerCapture(event.pointerId);
    held.set(event.pointerId, placeOf(event));
  }, { signal });
  element.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    const { camera, size } = viewer;
    if (camera.value === undefined) return;
    viewer.pointer.value = toPlane(camera.value, size.value, place);
    const before = held.get(event.pointerId);
    if (before === undefined) return;
    held.set(event.pointerId, place);
    movePicture(viewer, {
      before,
      place,
      others: [...held].filter(([id]) => id !== event.pointerId).map(([, at]) => at),
    });
  }, { signal });
  for (const end of ["pointerup", "pointercancel"] as const) {
    element.addEventListener(end, (event) => held.delete(event.pointerId), { signal });
  }
  element.addEventListener("pointerleave", () => viewer.pointer.value = undefined, { signal });
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    turnWheel(viewer, event, placeOf(event));
  }, { signal, passive: false });
  return () => stop.abort();
}

interface Move {
  readonly before: ScreenPoint;
  readonly place: ScreenPoint;
  /** Places of the other pointers that are held. */
  readonly others: readonly ScreenPoint[];
}

function movePicture(viewer: Viewer, { before, place, others }: Move): void {
  const { camera } = viewer;
  if (camera.value === undefined || others.length > 1) return;
  const by = { x: place.x - before.x, y: place.y - before.y };
  const [other] = others;
  if (other === undefined) {
    camera.value = panCamera(camera.value, by, imageRect(viewer));
    return;
  }
  // Of two fingers, each moves the picture by half its way, and their distance is the zoom.
  camera.value = panCamera(camera.value, { x: by.x / 2, y: by.y / 2 }, imageRect(viewer));
  const distance = (one: ScreenPoint) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
  const middle = { x: (place.x + other.x) / 2, y: (place.y + other.y) / 2 };
  zoomBy(viewer, distance(place) / distance(before), middle);
}

function turnWheel(viewer: Viewer, { deltaY, deltaMode, shiftKey }: WheelEvent, at: ScreenPoint): void {
  if (viewer.reference.value === undefined) return;
  if (shiftKey) {
    const axis = depthAxis(viewer);
    moveTo(viewer, axis, viewer.at.value[axis] + Math.sign(deltaY));
    return;
  }
  zoomBy(viewer, Math.exp(-deltaY * WHEEL_UNITS[deltaMode]! * ZOOM_PER_WHEEL_PIXEL), at);
}
