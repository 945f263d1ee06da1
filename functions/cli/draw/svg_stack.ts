/** The axes before z, y, x as a small grid: one cell for each volume, or for as many as can be told apart. */
import type { Drawn } from "./svg_box.ts";
import { polygon, px, svgText, textWidth, visibleBorders } from "./svg_drawing.ts";

interface OuterAxis {
  readonly name: string;
  readonly length: number;
  /** Volumes along the axis that share a chunk. */
  readonly chunk: number;
}

const MAX_PIXELS = 132;
const LARGEST_CELL = 18;
const MIN_SIDE = 10;

/** Draws one or two axes, the last one across; undefined where there is none. */
export function drawStack(axes: readonly OuterAxis[]): Drawn | undefined {
  if (axes.length === 0) return undefined;
  const one: OuterAxis = { name: "", length: 1, chunk: 1 };
  // The longer axis lies across, where there is more room for it.
  const sorted = axes.toSorted((a, b) => b.length - a.length);
  const across = sorted[0]!;
  const down = sorted[1] ?? one;
  const cell = Math.min(LARGEST_CELL, MAX_PIXELS / across.length);
  const side = (length: number) => Math.max(MIN_SIDE, length * cell);
  const [width, height] = [side(across.length), Math.min(MAX_PIXELS, side(down.length))];
  const label = down.length > 1 || down.name !== "" ? `${down.name} ${down.length}` : "";
  const left = label === "" ? 0 : textWidth(label) + 8;
  const lines = [
    ...visibleBorders(across.length, across.chunk, width).at.map((x) =>
      `M${px(left + x * width / across.length)} 0V${px(height)}`
    ),
    ...visibleBorders(down.length, down.chunk, height).at.map((y) =>
      `M${px(left)} ${px(y * height / down.length)}H${px(left + width)}`
    ),
  ];
  const mark = [
    Math.max(width / across.length * Math.min(across.chunk, across.length), 2),
    Math.max(height / down.length * Math.min(down.chunk, down.length), 2),
  ] as const;
  const svg = [
    polygon("front", [[left, 0], [left + width, 0], [left + width, height], [left, height]]),
    ...(lines.length === 0 ? [] : [`<path class="chunk" d="${lines.join("")}"/>`]),
    polygon("mark", [[left, 0], [left + mark[0], 0], [left + mark[0], mark[1]], [left, mark[1]]]),
    svgText(`${across.name} ${across.length}`, { x: left + width / 2, y: height + 20, anchor: "middle" }),
    ...(label === "" ? [] : [svgText(label, { x: left - 8, y: height / 2 + 5, anchor: "end" })]),
  ];
  const labelled = Math.max(left + width, left + width / 2 + textWidth(`${across.name} ${across.length}`) / 2);
  return { svg: svg.join("\n"), width: labelled, height: height + 28 };
}
