/** The picture and what lies over it. */
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { followPointers } from "../input/pointer.ts";
import type { Scene } from "../render/scene.ts";
import { panCamera } from "../state/camera.ts";
import { fitImage, imageRect, type Viewer } from "../state/viewer.ts";
import { isPreview } from "../preview/preview_picture.ts";
import { RegionFrame } from "../preview/region_frame.tsx";
import type { ShownValues } from "../shown_values.ts";
import { Divider } from "./divider.tsx";
import { ProfileHandles } from "./profile_handles.tsx";
import { Readout } from "./readout.tsx";
import { ScaleBarMark } from "./scale_bar_mark.tsx";

/** Pixels that an arrow key moves the picture by. */
const PAN_STEP = 48;

interface ViewportProps {
  readonly viewer: Viewer;
  readonly scene: Signal<Scene | undefined>;
  readonly values: ShownValues;
  /** Told of the canvas once it is there; returns what ends the drawing. */
  readonly startDrawing: (canvas: HTMLCanvasElement) => () => void;
}

/** The picture. */
export function Viewport({ viewer, scene, values, startDrawing }: ViewportProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      viewer.size.value = { width, height };
      if (viewer.camera.value === viewer.fitted.value) fitImage(viewer);
    });
    observer.observe(frame.current!);
    const ends = [followPointers(viewer, canvas.current!), startDrawing(canvas.current!), () => observer.disconnect()];
    return () => ends.forEach((end) => end());
  }, []);
  return (
    <div class="viewport" ref={frame}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={pictureLabel(viewer, scene.value)}
        onKeyDown={(event) => pan(viewer, event)}
      />
      <SideNames viewer={viewer} />
      <RegionFrame viewer={viewer} />
      <Divider viewer={viewer} />
      <ProfileHandles viewer={viewer} />
      <ScaleBarMark viewer={viewer} />
      <Readout viewer={viewer} values={values} />
    </div>
  );
}

/** The picture in words. */
function pictureLabel({ shown, plane, projection, compare }: Viewer, scene: Scene | undefined): string {
  const images = shown.value.join(" and ") || "no image";
  const depth = projection.value ? "maximum projection" : "slice";
  const levels = [...new Set(scene?.sides.map(({ level }) => level) ?? [])].join(" and ");
  return `${plane.value.toUpperCase()} ${depth}, ${images}${
    compare.value === "swipe" ? " beside each other" : ""
  }, level ${levels}. ` +
    "Arrow keys move the picture.";
}

/** Names of the images in the corners of their parts. */
function SideNames({ viewer }: { readonly viewer: Viewer }) {
  const { before, after } = viewer.pictures.value;
  if (!before || !after) return null;
  const shown = viewer.shown.value;
  return (
    <>
      {shown.includes("before") && <span class="side before" aria-hidden="true">Before</span>}
      {shown.includes("after") && (
        <span class="side after" aria-hidden="true">{isPreview(after) ? "Preview" : "After"}</span>
      )}
    </>
  );
}

function pan(viewer: Viewer, event: KeyboardEvent): void {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [1, 0],
    ArrowRight: [-1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  const [x, y] = steps[event.key] ?? [];
  const { camera } = viewer;
  if (x === undefined || y === undefined || camera.value === undefined) return;
  event.preventDefault();
  camera.value = panCamera(camera.value, { x: x * PAN_STEP, y: y * PAN_STEP }, imageRect(viewer));
}
