/** Draws the scene into a canvas whenever something of it has changed, once a frame at most. */
import { effect, type Signal } from "@preact/signals";
import type { TileLoader } from "./data/tile_loader.ts";
import { createRenderer } from "./render/renderer.ts";
import type { Scene } from "./render/scene.ts";
import type { Viewer } from "./state/viewer.ts";

interface Drawing {
  readonly viewer: Viewer;
  readonly scene: Signal<Scene | undefined>;
  readonly tiles: TileLoader;
}

/** Starts drawing. @returns stops it */
export function startDrawing(canvas: HTMLCanvasElement, { viewer, scene, tiles }: Drawing): () => void {
  let renderer = createRenderer(canvas);
  if (renderer === undefined) {
    viewer.notices.value = [...viewer.notices.value, {
      about: "This browser",
      problem: "draws no WebGL2",
      mend: "Switch on its hardware acceleration, or use a current Firefox, Chrome, Edge or Safari.",
    }];
  }
  let frame: number | undefined;
  const draw = () => {
    frame = undefined;
    const { width, height } = viewer.size.value;
    const ratio = devicePixelRatio;
    if (scene.value === undefined || width === 0 || height === 0) return;
    renderer?.draw(scene.value, { width: Math.round(width * ratio), height: Math.round(height * ratio) }, tiles);
  };
  const stop = effect(() => {
    void [scene.value, viewer.tilesVersion.value, viewer.size.value];
    frame ??= requestAnimationFrame(draw);
  });
  // A GPU that was reset gives its context back empty.
  const restore = () => {
    renderer = createRenderer(canvas);
    frame ??= requestAnimationFrame(draw);
  };
  const keep = (event: Event) => event.preventDefault();
  canvas.addEventListener("webglcontextlost", keep);
  canvas.addEventListener("webglcontextrestored", restore);
  return () => {
    stop();
    if (frame !== undefined) cancelAnimationFrame(frame);
    canvas.removeEventListener("webglcontextlost", keep);
    canvas.removeEventListener("webglcontextrestored", restore);
  };
}
