/**
 * Figures of volumes: columns are volumes (before, after, truth), rows are views (from above, from the side), each with its
 * own contrast, which it states, and with scale bars.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import { inferno } from "./inferno.ts";
import { type Color, type Grey, PngCanvas, textWidth } from "./png_canvas.ts";

/** One volume of a figure. */
export interface FigureColumn {
  readonly title: string;
  /** x contiguous. */
  readonly values: Float32Array | Uint16Array;
}

interface FigureOptions {
  readonly heading: string;
  readonly shape: Vec3;
  readonly voxelMicrometre: Vec3;
  /** `slice` cuts through the voxel `at`; `projection` takes the brightest voxel along the line of sight. */
  readonly view: "slice" | "projection";
  readonly at: Vec3;
}

const ZOOM = 2;
const GAP = 14;
const HEADING_HEIGHT = 42;
const TITLE_HEIGHT = 26;
const CAPTION_HEIGHT = 26;
const PAPER: Color = [16, 16, 20];
const INK: Color = [236, 236, 240];
const FAINT: Color = [150, 150, 160];

/** Draws the columns side by side, each from above (y down, x right) and from the side (z down, x right). */
export function drawFigure(columns: readonly FigureColumn[], options: FigureOptions): PngCanvas {
  const { shape, voxelMicrometre } = options;
  const width = shape[2] * ZOOM;
  const heights = [shape[1] * ZOOM, Math.round(shape[0] * ZOOM * voxelMicrometre[0] / voxelMicrometre[2])];
  const rowTops = [HEADING_HEIGHT + TITLE_HEIGHT, HEADING_HEIGHT + TITLE_HEIGHT + heights[0] + CAPTION_HEIGHT];
  const canvas = new PngCanvas(
    GAP + columns.length * (width + GAP),
    rowTops[1] + heights[1] + CAPTION_HEIGHT,
    PAPER,
  );
  canvas.text({ left: GAP, top: GAP }, options.heading, { color: INK });
  columns.forEach((column, index) => {
    const left = GAP + index * (width + GAP);
    canvas.text({ left, top: HEADING_HEIGHT }, column.title, { color: INK });
    (["above", "side"] as const).forEach((from, row) => {
      const plane = seen(column.values, from, options);
      const { grey, white } = stretch(enlarge(plane, width, heights[row]));
      canvas.picture({ left, top: rowTops[row] }, grey, inferno);
      drawScaleBar(canvas, { left: left + width, top: rowTops[row] + heights[row] }, voxelMicrometre[2]);
      const caption = `${from === "above" ? "xy" : "xz"}, white = ${white.toPrecision(3)} photons`;
      canvas.text({ left, top: rowTops[row] + heights[row] + 5 }, caption, { color: FAINT });
    });
  });
  return canvas;
}

/** The plane of voxels that is seen from above (rows y) or from the side (rows z). */
function seen(values: ArrayLike<number>, from: "above" | "side", { shape, view, at }: FigureOptions): Grey {
  const [depth, height, width] = shape;
  const rows = from === "above" ? height : depth;
  const sight = from === "above" ? depth : height;
  const fixed = from === "above" ? at[0] : at[1];
  const plane = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < sight; step++) {
      if (view === "slice" && step !== fixed) continue;
      const line = (from === "above" ? step * height + row : row * height + step) * width;
      for (let x = 0; x < width; x++) plane[row * width + x] = Math.max(plane[row * width + x], values[line + x]);
    }
  }
  return { width, height: rows, values: plane };
}

/** Resamples to another size, linearly between voxel centres. */
function enlarge(plane: Grey, width: number, height: number): Grey {
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = neighbours(y, height, plane.height);
    for (let x = 0; x < width; x++) {
      const column = neighbours(x, width, plane.width);
      const at = (r: number, c: number) => plane.values[r * plane.width + c];
      const upper = at(row.low, column.low) * (1 - column.weight) + at(row.low, column.high) * column.weight;
      const lower = at(row.high, column.low) * (1 - column.weight) + at(row.high, column.high) * column.weight;
      values[y * width + x] = upper * (1 - row.weight) + lower * row.weight;
    }
  }
  return { width, height, values };
}

/** The two samples on either side of a pixel's centre, and how much of the second to take. */
function neighbours(pixel: number, pixels: number, samples: number): { low: number; high: number; weight: number } {
  const position = Math.min(samples - 1, Math.max(0, (pixel + 0.5) * samples / pixels - 0.5));
  const low = Math.floor(position);
  return { low, high: Math.min(samples - 1, low + 1), weight: position - low };
}

/** Maps the darkest 1 % of the pixels to black and the brightest 0.4 % to white. */
function stretch(plane: Grey): { grey: Grey; white: number } {
  const sorted = plane.values.toSorted();
  const black = sorted[Math.floor(0.01 * (sorted.length - 1))];
  const white = sorted[Math.floor(0.996 * (sorted.length - 1))];
  const range = Math.max(white - black, Number.MIN_VALUE);
  const values = plane.values.map((value) => Math.min(1, Math.max(0, (value - black) / range)));
  return { grey: { ...plane, values }, white };
}

/** A bar of 2 micrometres in the corner whose lower right end is `corner`. */
function drawScaleBar(canvas: PngCanvas, corner: { left: number; top: number }, voxelMicrometre: number): void {
  const LENGTH_MICROMETRE = 2;
  const width = Math.round(LENGTH_MICROMETRE / voxelMicrometre * ZOOM);
  const label = `${LENGTH_MICROMETRE} µm`;
  const bar = { left: corner.left - width - 12, top: corner.top - 16, width, height: 5 };
  // On a plate of its own: pictures may be bright in this corner.
  canvas.fill({ left: bar.left - 8, top: bar.top - 26, width: width + 16, height: 37 }, PAPER);
  canvas.fill(bar, INK);
  const left = bar.left + Math.round((width - textWidth(label)) / 2);
  canvas.text({ left, top: bar.top - 20 }, label, { color: INK });
}
