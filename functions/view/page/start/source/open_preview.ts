/** Draws one plane of an image by the viewer's own reader and renderer. */
import { computed, effect } from "@preact/signals";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import { ClearstackError } from "shared/errors.ts";
import { openPicture } from "../../data/open_picture.ts";
import type { Picture } from "../../data/picture.ts";
import { TileLoader } from "../../data/tile_loader.ts";
import { sceneOf, wantedTiles } from "../../render/scene.ts";
import { shownValues } from "../../shown_values.ts";
import { startDrawing } from "../../start_drawing.ts";
import { type PlaneName, PLANES } from "../../state/plane.ts";
import { addPicture, createViewer, fitImage } from "../../state/viewer.ts";

/** Largest plane of the coarsest level that is read for a small picture. */
const MAX_VOXELS = 2 ** 24;

interface PreviewOptions {
  /** Address of an OME-Zarr. */
  readonly url: string;
  readonly plane: PlaneName;
  /** Told of chunks that cannot be read. */
  readonly failed: (thrown: unknown) => void;
}

/**
 * Opens an image and draws its middle plane.
 *
 * @returns stops drawing
 * @throws {ClearstackError} what opening it throws; `unsupported` for planes too large to be read for a picture
 */
export async function openPreview(
  canvas: HTMLCanvasElement,
  { url, plane, failed }: PreviewOptions,
): Promise<() => void> {
  const threads = openCodecThreads();
  const picture = await openPicture(url).catch((error) => {
    threads.close();
    throw error;
  });
  assertSmall(picture, plane);
  const viewer = createViewer();
  const tiles = new TileLoader({ changed: () => void viewer.tilesVersion.value++, failed });
  addPicture(viewer, "before", picture);
  viewer.plane.value = picture.levels[0]!.shape.z > 1 ? plane : "xy";
  const scene = computed(() => sceneOf(viewer, devicePixelRatio));
  const stopLoading = effect(() => {
    if (scene.value === undefined) return;
    tiles.want(wantedTiles(scene.value));
    viewer.tilesVersion.value = viewer.tilesVersion.peek() + 1;
  });
  shownValues(viewer, scene, tiles);
  const stopDrawing = startDrawing(canvas, { viewer, scene, tiles });
  const fit = () => {
    viewer.size.value = { width: canvas.clientWidth, height: canvas.clientHeight };
    fitImage(viewer);
  };
  const sized = new ResizeObserver(fit);
  sized.observe(canvas);
  fit();
  return () => {
    sized.disconnect();
    stopLoading();
    stopDrawing();
    tiles.want([]);
    threads.close();
  };
}

function assertSmall({ levels }: Picture, plane: PlaneName): void {
  const { shape } = levels.at(-1)!;
  const { u, v } = PLANES[plane];
  if (shape[u] * shape[v] <= MAX_VOXELS) return;
  throw new ClearstackError(
    "unsupported",
    "the image has no coarser levels, and its planes are large; the viewer reads parts",
  );
}
