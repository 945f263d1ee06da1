/** Keys that work anywhere on the page, and what the help says of them. */
import { announceView } from "./announce_view.ts";
import { PLANE_NAMES } from "../state/plane.ts";
import {
  announce,
  choosePlane,
  COMPARISONS,
  depthAxis,
  fitImage,
  moveTo,
  moveToTime,
  setChannel,
  type Viewer,
} from "../state/viewer.ts";
import { zoomBy } from "./zoom_by.ts";
import { toggleProfile } from "./profile_line.ts";

/** A key and what it does. */
interface Shortcut {
  /** As `KeyboardEvent.key` names them. */
  readonly keys: readonly string[];
  /** As the help writes them, where it differs. */
  readonly shown?: string;
  readonly words: string;
  readonly act: (viewer: Viewer, key: string) => void;
}

/** Planes that a large step moves by. */
const LARGE_STEP = 10;

/** A step of the zoom: four of them double the size. */
const ZOOM_STEP = 2 ** (1 / 4);

function step(by: number): Shortcut["act"] {
  return (viewer) => {
    const axis = depthAxis(viewer);
    moveTo(viewer, axis, viewer.at.value[axis] + by);
    announceView(viewer);
  };
}

function stepTime(by: number): Shortcut["act"] {
  return (viewer) => {
    moveToTime(viewer, viewer.time.value + by);
    announceView(viewer);
  };
}

/** All of them; the first that matches acts. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ["."], words: "Next plane", act: step(1) },
  { keys: [","], words: "Previous plane", act: step(-1) },
  { keys: ["PageDown"], shown: "Page Down", words: "Ten planes on", act: step(LARGE_STEP) },
  { keys: ["PageUp"], shown: "Page Up", words: "Ten planes back", act: step(-LARGE_STEP) },
  { keys: [">"], words: "Next time point", act: stepTime(1) },
  { keys: ["<"], words: "Previous time point", act: stepTime(-1) },
  {
    keys: ["x"],
    words: "Cut along XY, XZ or YZ",
    act: (viewer) => {
      const next = (PLANE_NAMES.indexOf(viewer.plane.value) + 1) % PLANE_NAMES.length;
      choosePlane(viewer, PLANE_NAMES[next]!);
      announceView(viewer);
    },
  },
  {
    keys: ["m"],
    words: "Maximum projection or single plane",
    act: (viewer) => {
      viewer.projection.value = !viewer.projection.value;
      announceView(viewer);
    },
  },
  {
    keys: ["c"],
    words: "Swipe, blink, before, after",
    act: (viewer) => {
      const next = (COMPARISONS.indexOf(viewer.compare.value) + 1) % COMPARISONS.length;
      viewer.compare.value = COMPARISONS[next]!;
      announceView(viewer);
    },
  },
  {
    keys: ["b"],
    words: "Show the other image",
    act: (viewer) => {
      viewer.compare.value = viewer.shown.value.at(-1) === "before" ? "after" : "before";
      announceView(viewer);
    },
  },
  {
    keys: ["s"],
    words: "Share the contrast between before and after",
    act: (viewer) => {
      viewer.isContrastShared.value = !viewer.isContrastShared.value;
      announce(viewer, viewer.isContrastShared.value ? "Shared contrast" : "Separate contrast");
    },
  },
  { keys: ["p"], words: "Line profile", act: toggleProfile },
  { keys: ["+", "="], shown: "+", words: "Nearer", act: (viewer) => zoomBy(viewer, ZOOM_STEP) },
  { keys: ["-"], words: "Farther", act: (viewer) => zoomBy(viewer, 1 / ZOOM_STEP) },
  { keys: ["0"], words: "Show the image whole", act: fitImage },
  {
    keys: Array.from("123456789"),
    shown: "1 to 9",
    words: "Show or hide a channel",
    act: (viewer, key) => {
      const channel = Number(key) - 1;
      const look = viewer.channels.value[channel];
      if (look === undefined) return;
      setChannel(viewer, channel, { visible: !look.visible });
      announce(viewer, `${look.name} ${look.visible ? "hidden" : "shown"}`);
    },
  },
];

/** Does what a key asks for. Keys that a control takes itself, and those with Ctrl, Alt or Meta, are left alone. */
export function handleShortcut(viewer: Viewer, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!viewer.hasShortcuts.value || viewer.reference.value === undefined || takesText(event.target)) return;
  const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(event.key));
  if (shortcut === undefined) return;
  event.preventDefault();
  shortcut.act(viewer, event.key);
}

/** True for fields of text, and for dialogs, which have keys of their own. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof Element) || target.closest("dialog") !== null) return target instanceof Element;
  const { type = "" } = target as HTMLInputElement;
  return target.matches("textarea, select") ||
    (target.matches("input") && !/^(range|checkbox|radio|color)$/.test(type));
}
