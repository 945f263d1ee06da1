/** What is on the screen: for each image the tiles of every level that may be drawn, and those that are to be loaded. */
import type { Side } from "../data/picture.ts";
import { chooseLevel, type PlanePick, type TileRequest, visibleTiles } from "../data/tile_request.ts";
import { type PlaneRect, visibleRect } from "../state/camera.ts";
import type { Contrast } from "../state/contrast.ts";
import { PLANES } from "../state/plane.ts";
import { depthOf, imageRect, shownContrast, type Viewer } from "../state/viewer.ts";

/** A channel of an image as it is drawn. */
interface SceneChannel {
  readonly channel: number;
  /** Red, green and blue, 0 to 1. */
  readonly color: readonly [number, number, number];
  /** Undefined until it is known: it is taken from the tiles of `layers`. */
  readonly contrast: Contrast | undefined;
  /** Tiles of the level that is looked at, then those of coarser ones, which stand in for what is missing. */
  readonly layers: readonly (readonly TileRequest[])[];
}

/** An image and its part of the screen. */
export interface SceneSide {
  readonly side: Side;
  /** Left and right end, 0 to 1 of the viewport. */
  readonly from: number;
  readonly to: number;
  readonly level: number;
  readonly channels: readonly SceneChannel[];
}

/** All of it. */
export interface Scene {
  readonly seen: PlaneRect;
  /** The part of the plane that the image fills. */
  readonly image: PlaneRect;
  readonly sides: readonly SceneSide[];
}

/** Scene of a viewer; undefined where nothing is open yet. @param ratio device pixels in a CSS pixel */
export function sceneOf(viewer: Viewer, ratio: number): Scene | undefined {
  const { camera, size, plane, projection, shown, divider, compare, time } = viewer;
  if (viewer.reference.value === undefined || camera.value === undefined) return undefined;
  const seen = visibleRect(camera.value, size.value);
  const depth = projection.value ? "all" : depthOf(viewer, PLANES[plane.value].w);
  const pick = { plane: plane.value, time: time.value, depth } as const;
  const isSplit = shown.value.length > 1 && compare.value === "swipe";
  const sides = shown.value.map((side, index): SceneSide => {
    const [from, to] = isSplit ? (index === 0 ? [0, divider.value] : [divider.value, 1]) : [0, 1];
    return {
      side,
      from: from!,
      to: to!,
      ...sceneChannels(viewer, { side, pick, seen, pixels: camera.value!.scale * ratio }),
    };
  });
  return { seen, image: imageRect(viewer), sides };
}

interface SideFacts {
  readonly side: Side;
  readonly pick: Omit<PlanePick, "channel">;
  readonly seen: PlaneRect;
  /** Device pixels for a world unit. */
  readonly pixels: number;
}

function sceneChannels(viewer: Viewer, { side, pick, seen, pixels }: SideFacts): Pick<SceneSide, "level" | "channels"> {
  const picture = viewer.pictures.value[side]!;
  const level = chooseLevel(picture, { ...pick, channel: 0 }, seen, pixels);
  const channels = viewer.channels.value.flatMap((look, channel): SceneChannel[] => {
    if (!look.visible || channel >= picture.channels.length) return [];
    const layers = picture.levels.slice(level).map((_, coarser) =>
      visibleTiles(picture, level + coarser, { ...pick, channel }, seen)
    );
    return [{ channel, color: rgbOf(look.color), contrast: shownContrast(viewer, side, channel), layers }];
  });
  return { level, channels };
}

/** Tiles to load, the most wanted first: the coarsest level, which is there at once, then the one that is looked at. */
export function wantedTiles({ sides }: Scene): TileRequest[] {
  const tilesOf = (pick: (layers: SceneChannel["layers"]) => readonly TileRequest[]) =>
    inTurn(sides.map(({ channels }) => inTurn(channels.map(({ layers }) => pick(layers)))));
  return [
    ...tilesOf((layers) => layers.at(-1) ?? []),
    ...tilesOf((layers) => layers.length > 1 ? layers[0]! : []),
  ];
}

/** Takes one of each list after the other, so that images and channels come at the same pace. */
function inTurn<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from(
    { length: longest },
    (_, index) => lists.flatMap((list) => index < list.length ? [list[index]!] : []),
  )
    .flat();
}

/** `#ff8000` -> 1, 0.5, 0. */
function rgbOf(color: string): [number, number, number] {
  const value = parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255].map((part) => part / 255) as [number, number, number];
}
