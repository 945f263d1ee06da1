/** Values of the tiles on the screen: for histograms, automatic contrast, profiles and the value under the pointer. */
import { effect, type Signal, signal } from "@preact/signals";
import type { TileValues } from "./data/cut_tile.ts";
import type { Side } from "./data/picture.ts";
import { sampleLine, sampleTiles } from "./data/sample_tiles.ts";
import type { TileLoader } from "./data/tile_loader.ts";
import type { Scene } from "./render/scene.ts";
import type { PlanePoint } from "./state/camera.ts";
import { autoContrast, type Contrast, type Histogram, histogramOf } from "./state/contrast.ts";
import type { BySide, ProfileLine, Viewer } from "./state/viewer.ts";

/** Bins of a histogram, and the pause after which it is counted again, milliseconds. */
const BINS = 128;
const COUNT_PAUSE = 150;

/** Values that one histogram is counted from at most, so that counting never holds up a frame. */
const MAX_VALUES = 2 ** 21;

type CountsOfChannels = readonly (Histogram | undefined)[];

/** What is known of the values on the screen. */
export interface ShownValues {
  /** Histogram of each channel of each image. */
  readonly counts: Signal<BySide<CountsOfChannels>>;
  /** Values of a channel, tile by tile. */
  of(side: Side, channel: number): TileValues[];
  /** Value at a point, by image and channel. */
  at(side: Side, channel: number, point: PlanePoint): number | undefined;
  /** Values along a line. */
  along(side: Side, channel: number, line: ProfileLine, points: number): (number | undefined)[];
}

/** Follows the tiles of a scene; fills in contrasts that no metadata state. */
export function shownValues(viewer: Viewer, scene: Signal<Scene | undefined>, tiles: TileLoader): ShownValues {
  const counts = signal<BySide<CountsOfChannels>>({ before: [], after: [] });
  const layersOf = (side: Side, channel: number) =>
    scene.value?.sides.find((one) => one.side === side)?.channels.find((one) => one.channel === channel)?.layers ?? [];
  const valuesOf = (side: Side, channel: number) => {
    const ready = (layer: number) =>
      (layersOf(side, channel).at(layer) ?? []).flatMap(({ key }) => tiles.get(key)?.values ?? []);
    const fine = ready(0);
    return within(fine.length > 0 ? fine : ready(-1));
  };
  const provisional = new Map<string, Contrast>();
  let pause: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    void viewer.tilesVersion.value;
    if (scene.value === undefined) return;
    settleContrasts(viewer, { scene: scene.value, tiles, provisional });
    pause ??= setTimeout(() => {
      pause = undefined;
      const before = counts.value;
      const count = (side: Side) =>
        viewer.channels.value.map((_, channel) => histogramOf(valuesOf(side, channel), BINS) ?? before[side][channel]);
      counts.value = { before: count("before"), after: count("after") };
    }, COUNT_PAUSE);
  });
  return {
    counts,
    of: valuesOf,
    at: (side, channel, point) => sampleTiles(layersOf(side, channel), tiles, point),
    along: (side, channel, line, points) => sampleLine(layersOf(side, channel), tiles, { line, points }),
  };
}

/** The first parts, as many as may be counted, and one at least. */
function within(parts: readonly TileValues[]): TileValues[] {
  let counted = 0;
  return parts.filter(({ length }, index) => (counted += length) <= MAX_VALUES || index === 0);
}

interface Settling {
  readonly scene: Scene;
  readonly tiles: TileLoader;
  /** Contrasts that were taken of a part of the tiles, by image and channel. */
  readonly provisional: Map<string, Contrast>;
}

/** Takes the contrast of channels without one from the coarsest tiles that are there, until all of those are. */
function settleContrasts(viewer: Viewer, { scene, tiles, provisional }: Settling): void {
  for (const { side, channels } of scene.sides) {
    for (const { channel, layers } of channels) {
      // Another image in its place has values of its own.
      const name = `${viewer.pictures.peek()[side]?.url} ${channel}`;
      const known = viewer.contrasts.peek();
      // What was changed by hand meanwhile stays.
      if (known[side][channel] !== provisional.get(name)) continue;
      const coarse = layers.at(-1) ?? [];
      const found = autoContrast(within(coarse.flatMap(({ key }) => tiles.get(key)?.values ?? [])));
      if (found === undefined) continue;
      const before = known[side][channel];
      // A new contrast makes a new scene, which asks for its contrast again.
      const isSame = before?.start === found.start && before.end === found.end;
      const isWhole = coarse.every(({ key }) => tiles.isWhole(key));
      provisional.set(name, isWhole ? SETTLED : isSame ? before : found);
      if (isSame) continue;
      viewer.contrasts.value = { ...known, [side]: known[side].with(channel, found) };
    }
  }
}

/** Stands for a contrast that is not looked for any more. */
const SETTLED: Contrast = { start: NaN, end: NaN };
