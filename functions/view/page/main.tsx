/** The page: opens the images that its address names, and shows them. */
import "./strict_page.ts";
import { computed, effect, signal } from "@preact/signals";
import { render } from "preact";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import { TileLoader } from "./data/tile_loader.ts";
import { openImages } from "./open_images.ts";
import { App } from "./panels/app.tsx";
import { createPreview } from "./preview/preview.ts";
import { sceneOf, wantedTiles } from "./render/scene.ts";
import { shownValues } from "./shown_values.ts";
import { startDrawing } from "./start_drawing.ts";
import { addressOf, openedAddress } from "./state/address.ts";
import { createViewer } from "./state/viewer.ts";
import { explainError } from "./data/explain_error.ts";

/** Time between two images that blink, milliseconds; slower than three in a second, which may hurt. */
const BLINK_MILLISECONDS = 700;

/** Pause after which the address follows what is looked at, milliseconds. */
const ADDRESS_PAUSE = 300;

/** Pause after which coarser levels of a view are read again, milliseconds. */
const REFRESH_PAUSE = 2000;

const viewer = createViewer();
const given = openedAddress(location.search);
const preview = createPreview(viewer);
const isOpening = signal(false);
const root = document.querySelector<HTMLElement>("#page")!;
openCodecThreads();

const tiles = new TileLoader({
  changed: () => {
    viewer.tilesVersion.value++;
    viewer.chunksWaiting.value = tiles.waiting;
  },
  failed: (error, { picture }) => {
    const notice = { about: picture.name, ...explainError(error, location.origin) };
    const isKnown = viewer.notices.value.some(({ mend, about }) => mend === notice.mend && about === notice.about);
    if (!isKnown) viewer.notices.value = [...viewer.notices.value, notice];
  },
});

const scene = computed(() => sceneOf(viewer, devicePixelRatio));
effect(() => {
  if (scene.value === undefined) return;
  tiles.want(wantedTiles(scene.value));
  viewer.tilesVersion.value = viewer.tilesVersion.peek() + 1;
  viewer.chunksWaiting.value = tiles.waiting;
});
effect(() => {
  if (viewer.compare.value !== "blink") return undefined;
  const timer = setInterval(() => {
    viewer.blinkSide.value = viewer.blinkSide.peek() === "before" ? "after" : "before";
  }, BLINK_MILLISECONDS);
  return () => clearInterval(timer);
});
let addressPause: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  if (viewer.reference.value === undefined) return;
  const query = addressOf(viewer, location.search);
  clearTimeout(addressPause);
  addressPause = setTimeout(() => history.replaceState(null, "", `?${query}`), ADDRESS_PAUSE);
});

let refreshPause: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  const { after } = viewer.pictures.value;
  // Its coarser levels are approximate until their tiles are computed.
  if (viewer.remote.value === undefined || after?.provenance.view !== true) return;
  refreshPause ??= setTimeout(() => {
    refreshPause = undefined;
    tiles.refresh(after.url);
  }, REFRESH_PAUSE);
});

const open = () => openImages(viewer, given, isOpening);
const retry = () => {
  viewer.notices.value = [];
  tiles.retry();
  void open();
};
render(
  <App
    {...{ viewer, scene, preview, isOpening, given, retry }}
    isApart={root.dataset.apart !== undefined}
    values={shownValues(viewer, scene, tiles)}
    startDrawing={(canvas) => startDrawing(canvas, { viewer, scene, tiles })}
  />,
  root,
);
void open();
