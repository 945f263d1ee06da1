/** State of the page: what is open, what of it is looked at, and how. Panels and the renderer read and write these signals. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Explanation } from "../data/explain_error.ts";
import type { Picture, Side } from "../data/picture.ts";
import { planeRect, SIDES } from "../data/picture.ts";
import type { TileStates } from "../data/tile_follower.ts";
import { type Camera, fitCamera, type PlanePoint, type PlaneRect, type ViewportSize } from "./camera.ts";
import { type Contrast, unionContrast } from "./contrast.ts";
import { type PlaneName, PLANES, type SpaceAxis } from "./plane.ts";

/** Ways to compare the two images. */
export const COMPARISONS = ["swipe", "blink", "before", "after"] as const;

/** One of them. */
type Comparison = (typeof COMPARISONS)[number];

/** How a channel is shown. */
interface ChannelLook {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  readonly visible: boolean;
}

/** A line that a profile is taken along, by its ends in the plane. */
export type ProfileLine = readonly [PlanePoint, PlanePoint];

/** How far something has come that somebody else computes. */
export interface RemoteProgress {
  readonly state: string;
  readonly done: number;
  readonly total: number;
  /** What came last, for people. */
  readonly message: string;
}

/** Something that went wrong. */
interface Notice extends Explanation {
  readonly about: string;
}

/** A value for each image. */
export type BySide<T> = Readonly<Record<Side, T>>;

/** The signals. */
export interface Viewer {
  readonly pictures: Signal<BySide<Picture | undefined>>;
  readonly compare: Signal<Comparison>;
  /** Image that is shown while they blink. */
  readonly blinkSide: Signal<Side>;
  /** Place of the divider, 0 at the left and 1 at the right. */
  readonly divider: Signal<number>;
  readonly plane: Signal<PlaneName>;
  readonly projection: Signal<boolean>;
  /** Voxel of the reference image that the planes run through. */
  readonly at: Signal<Readonly<Record<SpaceAxis, number>>>;
  readonly time: Signal<number>;
  /** Undefined until the image is fitted into the viewport. */
  readonly camera: Signal<Camera | undefined>;
  /** The camera that showed the image whole; as long as it is the camera, the image stays fitted when the viewport changes. */
  readonly fitted: Signal<Camera | undefined>;
  readonly size: Signal<ViewportSize>;
  readonly channels: Signal<readonly ChannelLook[]>;
  /** Of each channel; undefined until it is known. */
  readonly contrasts: Signal<BySide<readonly (Contrast | undefined)[]>>;
  readonly isContrastShared: Signal<boolean>;
  /** Undefined while no profile is taken. */
  readonly line: Signal<ProfileLine | undefined>;
  readonly pointer: Signal<PlanePoint | undefined>;
  /** Rises whenever tiles have changed. */
  readonly tilesVersion: Signal<number>;
  /** Chunks that are still to come. */
  readonly chunksWaiting: Signal<number>;
  readonly remote: Signal<RemoteProgress | undefined>;
  /** Of the job or the view that is followed; undefined until it is known how they lie. */
  readonly tiles: Signal<TileStates | undefined>;
  /** Facts of a plan that was asked for apart from the output. */
  readonly plan: Signal<Readonly<Record<string, unknown>> | undefined>;
  readonly notices: Signal<readonly Notice[]>;
  /** Told to those who do not see. */
  readonly announcement: Signal<string>;
  readonly hasShortcuts: Signal<boolean>;
  /** The image that axes and positions are of: before, or after where there is only that. */
  readonly reference: ReadonlySignal<Picture | undefined>;
  /** The images that are on the screen, from the left. */
  readonly shown: ReadonlySignal<readonly Side[]>;
}

/** A viewer without images. */
export function createViewer(): Viewer {
  const pictures = signal<BySide<Picture | undefined>>({ before: undefined, after: undefined });
  const compare = signal<Comparison>("swipe");
  const blinkSide = signal<Side>("before");
  return {
    pictures,
    compare,
    blinkSide,
    divider: signal(0.5),
    plane: signal<PlaneName>("xy"),
    projection: signal(false),
    at: signal({ z: 0, y: 0, x: 0 }),
    time: signal(0),
    camera: signal<Camera | undefined>(undefined),
    fitted: signal<Camera | undefined>(undefined),
    size: signal<ViewportSize>({ width: 0, height: 0 }),
    channels: signal<readonly ChannelLook[]>([]),
    contrasts: signal<BySide<readonly (Contrast | undefined)[]>>({ before: [], after: [] }),
    isContrastShared: signal(false),
    line: signal<ProfileLine | undefined>(undefined),
    pointer: signal<PlanePoint | undefined>(undefined),
    tilesVersion: signal(0),
    chunksWaiting: signal(0),
    remote: signal<RemoteProgress | undefined>(undefined),
    tiles: signal<TileStates | undefined>(undefined),
    plan: signal<Readonly<Record<string, unknown>> | undefined>(undefined),
    notices: signal<readonly Notice[]>([]),
    announcement: signal(""),
    hasShortcuts: signal(true),
    reference: computed(() => pictures.value.before ?? pictures.value.after),
    shown: computed(() => shownSides(pictures.value, compare.value, blinkSide.value)),
  };
}

function shownSides(pictures: BySide<Picture | undefined>, compare: Comparison, blinkSide: Side): readonly Side[] {
  const open = SIDES.filter((side) => pictures[side] !== undefined);
  if (open.length < 2 || compare === "swipe") return open;
  return [compare === "blink" ? blinkSide : compare];
}

/** Adds an image. The first one decides what is looked at: the plane that its metadata name, or the middle one. */
export function addPicture(viewer: Viewer, side: Side, picture: Picture): void {
  batch(() => {
    const isFirst = viewer.reference.value === undefined;
    viewer.pictures.value = { ...viewer.pictures.value, [side]: picture };
    viewer.contrasts.value = {
      ...viewer.contrasts.value,
      [side]: picture.channels.map(({ contrast }) => contrast),
    };
    if (isFirst) {
      const { z, y, x } = picture.levels[0]!.shape;
      viewer.at.value = { z: z >> 1, y: y >> 1, x: x >> 1 };
      if (z === 1) viewer.plane.value = "xy";
    }
    // Names and colors are those of the recorded image, whichever comes first.
    if (isFirst || side === "before" || viewer.channels.value.length < picture.channels.length) {
      viewer.channels.value = picture.channels.map(({ name, color, active }) => ({ name, color, visible: active }));
    }
  });
}

/** World position of the planes along an axis. */
export function depthOf(viewer: Viewer, axis: SpaceAxis): number {
  const { origin, spacing } = viewer.reference.value!.levels[0]!;
  return origin[axis] + viewer.at.value[axis] * spacing[axis];
}

/** Moves to another plane along an axis; the ends hold. */
export function moveTo(viewer: Viewer, axis: SpaceAxis, index: number): void {
  const { shape } = viewer.reference.value!.levels[0]!;
  const bounded = Math.min(Math.max(Math.round(index), 0), shape[axis] - 1);
  viewer.at.value = { ...viewer.at.value, [axis]: bounded };
}

/** Moves to another time point; the ends hold. */
export function moveToTime(viewer: Viewer, index: number): void {
  const { t } = viewer.reference.value!.levels[0]!.shape;
  viewer.time.value = Math.min(Math.max(Math.round(index), 0), t - 1);
}

/** The part of the plane that the reference image fills. */
export function imageRect(viewer: Viewer): PlaneRect {
  return planeRect(viewer.reference.value!, viewer.plane.value);
}

/** Shows the image whole. */
export function fitImage(viewer: Viewer): void {
  const { width, height } = viewer.size.value;
  if (viewer.reference.value === undefined || width === 0 || height === 0) return;
  viewer.fitted.value = fitCamera(imageRect(viewer), viewer.size.value);
  viewer.camera.value = viewer.fitted.value;
}

/** Cuts along another plane, which is fitted: its sides are others. */
export function choosePlane(viewer: Viewer, plane: PlaneName): void {
  batch(() => {
    viewer.plane.value = plane;
    viewer.line.value = undefined;
    fitImage(viewer);
  });
}

/** Contrast of a channel of an image as it is shown; undefined until it is known. */
export function shownContrast(viewer: Viewer, side: Side, channel: number): Contrast | undefined {
  const { before, after } = viewer.contrasts.value;
  return viewer.isContrastShared.value
    ? unionContrast([before[channel], after[channel]])
    : viewer.contrasts.value[side][channel];
}

/** Changes the contrast of a channel: of one image, or of both where they share it. */
export function setContrast(viewer: Viewer, side: Side, channel: number, contrast: Contrast): void {
  const sides = viewer.isContrastShared.value ? SIDES : [side];
  const changed = { ...viewer.contrasts.value };
  for (const one of sides) {
    // An image may have fewer channels than the other one.
    if (channel < changed[one].length) changed[one] = changed[one].with(channel, contrast);
  }
  viewer.contrasts.value = changed;
}

/** Changes how a channel is shown. */
export function setChannel(viewer: Viewer, channel: number, look: Partial<ChannelLook>): void {
  const { [channel]: before } = viewer.channels.value;
  if (before === undefined) return;
  viewer.channels.value = viewer.channels.value.with(channel, { ...before, ...look });
}

/** Axis into the screen. */
export function depthAxis(viewer: Viewer): SpaceAxis {
  return PLANES[viewer.plane.value].w;
}

/** Tells something once, also to those who do not see it. */
export function announce(viewer: Viewer, words: string): void {
  viewer.announcement.value = words;
}
