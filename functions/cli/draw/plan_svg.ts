/** A plan drawn to scale: the array from the front (x, y) and from above (x, z), its chunks, the tiles, and one tile's box. */
import { counted } from "shared/counted.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Tile } from "shared/contract/tile.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { alongSpatialAxes } from "shared/volume/spatial.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { gridSize } from "shared/image/grid_size.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { times } from "../commands/info_facts.ts";
import { px, svgDocument, svgText, textWidth, visibleBorders } from "./svg_drawing.ts";

/** Pixels that both views together may take; legend and titles come on top. */
const DRAWING = { width: 640, height: 560 } as const;
/** Pixels around the views, and between them. */
const MARGIN = 24;
const GAP = 56;
const LINE_HEIGHT = 20;
/** Of the sign before a line of the legend. */
const SIGN_WIDTH = 24;

/** An axis pair of the array, the vertical one first, and where it is drawn. */
interface View {
  readonly vertical: 0 | 1;
  readonly title: string;
  readonly top: number;
}

export function planSvg(plan: Plan): string {
  const tile = middleTile(plan);
  const overhang = mapAxes((axis) => Math.max(0, -tile.box.start[axis], boxEnd(tile, axis) - plan.shape[axis]));
  const extents = mapAxes((axis) => plan.shape[axis] + 2 * overhang[axis]);
  const scale = Math.min(DRAWING.width / extents[2], DRAWING.height / (extents[1] + extents[0]));
  const left = MARGIN + overhang[2] * scale;
  const front: View = { vertical: 1, title: "from the front: x, y", top: MARGIN + GAP + overhang[1] * scale };
  const below = front.top + (plan.shape[1] + overhang[1]) * scale;
  const above: View = { vertical: 0, title: "from above: x, z", top: below + GAP + overhang[0] * scale };
  const legendTop = above.top + (plan.shape[0] + overhang[0]) * scale + GAP;
  const legend = legendLines(plan, tile);
  const title = summary(plan);
  const texts = Math.max(textWidth(title), ...legend.map(({ text }) => SIGN_WIDTH + textWidth(text)));
  const drawn = [front, above].map((view) => drawView(plan, tile, view, { left, scale, overhang }));
  return svgDocument({
    width: Math.max(DRAWING.width, extents[2] * scale, texts) + 2 * MARGIN,
    height: legendTop + legend.length * LINE_HEIGHT + MARGIN,
    title,
    body: [
      svgText(title, { x: MARGIN, y: MARGIN + 12, kind: "title" }),
      ...drawn,
      ...legend.map((line, i) => drawLegend(line, legendTop + i * LINE_HEIGHT)),
    ].join("\n"),
  });
}

interface Place {
  readonly left: number;
  /** Pixels per voxel. */
  readonly scale: number;
  readonly overhang: Vec3;
}

function drawView(plan: Plan, tile: Tile, { vertical, title, top }: View, { left, scale, overhang }: Place): string {
  const at = (x: number, y: number, width: number, height: number, kind: string) =>
    `<rect class="${kind}" x="${px(left + x * scale)}" y="${px(top + y * scale)}" width="${px(width * scale)}" ` +
    `height="${px(height * scale)}"/>`;
  const [width, height] = [plan.shape[2], plan.shape[vertical]];
  const [{ core, box }, chunk] = [tile, sourceChunk(plan)];
  const size = { left, top, scale, width, height };
  return [
    svgText(title, { x: left, y: top - overhang[vertical] * scale - 8, kind: "quiet" }),
    at(0, 0, width, height, "array"),
    gridLines({ ...size, steps: [chunk[2], chunk[vertical]], kind: "chunk" }),
    at(box.start[2], box.start[vertical], box.shape[2], box.shape[vertical], "box"),
    at(core.start[2], core.start[vertical], core.shape[2], core.shape[vertical], "core"),
    ...(plan.shard === undefined
      ? []
      : [gridLines({ ...size, steps: [plan.shard[2], plan.shard[vertical]], kind: "shard" })]),
    gridLines({ ...size, steps: [plan.tile[2], plan.tile[vertical]], kind: "tile" }),
  ].join("\n");
}

/** Lines at multiples of the steps inside an area: all of them, or as many as can be told apart. */
function gridLines({ left, top, scale, width, height, steps: [across, down], kind }: {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  readonly steps: readonly [across: number, down: number];
  readonly kind: "chunk" | "shard" | "tile";
}): string {
  const [right, bottom] = [px(left + width * scale), px(top + height * scale)];
  const lines = [
    ...visibleBorders(width, across, width * scale).at.map((x) => `M${px(left + x * scale)} ${px(top)}V${bottom}`),
    ...visibleBorders(height, down, height * scale).at.map((y) => `M${px(left)} ${px(top + y * scale)}H${right}`),
  ];
  return lines.length === 0 ? "" : `<path class="${kind}" fill="none" d="${lines.join("")}"/>`;
}

interface LegendLine {
  readonly kind: "array" | "chunk" | "shard" | "tile" | "core" | "box";
  readonly text: string;
}

function legendLines(plan: Plan, tile: Tile): LegendLine[] {
  const { source, shape, chunk, shard, outputDtype } = plan;
  const outputBytes = dtypeBytes(outputDtype);
  const volumes = plan.outerShape.reduce((product, length) => product * length, 1);
  const bytes = gridSize(source.shape, source.shape.map(() => 1)) * dtypeBytes(source.dtype);
  const more = volumes > 1 ? `, ${volumes} of them` : "";
  const pieces = (step: Vec3, voxelBytes: number) =>
    `${times(step)}, ${(volumes * gridSize(shape, step)).toLocaleString("en")} of up to ` +
    `${formatBytes(voxelCount(step) * voxelBytes)}`;
  return [
    { kind: "array", text: `image: ${times(shape)} voxels (z, y, x)${more}, ${source.dtype}, ${formatBytes(bytes)}` },
    { kind: "chunk", text: `chunks of the source: ${pieces(sourceChunk(plan), dtypeBytes(source.dtype))}` },
    { kind: "tile", text: `tiles: ${plan.tiles} (${times(plan.grid)}${more}), each of ${times(plan.tile)} voxels` },
    {
      kind: "core",
      text: `one tile: ${times(tile.core.shape)}; in all, ` +
        `${plan.inflation.toFixed(2)} voxels computed for each useful one`,
    },
    {
      kind: "box",
      text: `what is read and computed for it: ${times(tile.box.shape)}, halo at least ${plan.halo.join(", ")}`,
    },
    ...(shard === undefined
      ? []
      : [{ kind: "shard" as const, text: `shards of the output: ${pieces(shard, outputBytes)}` }]),
    {
      kind: "array",
      text: `output: ${outputDtype}, ${formatBytes(plan.bytesWritten)} before compression, ` +
        `chunks of ${pieces(chunk, outputBytes)}`,
    },
  ];
}

function drawLegend({ kind, text }: LegendLine, top: number): string {
  const line = kind === "chunk" || kind === "tile" || kind === "shard";
  const sign = line
    ? `<path class="${kind}" d="M${MARGIN} ${px(top + 6)}h16"/>`
    : `<rect class="${kind}" x="${MARGIN}" y="${px(top)}" width="16" height="12"/>`;
  return `${sign}${svgText(text, { x: MARGIN + SIGN_WIDTH, y: top + 11 })}`;
}

function summary({ tiles, tile, box }: Plan): string {
  return `${counted(tiles, "tile")} of ${times(tile)} voxels in boxes of up to ${times(box)}`;
}

/** A tile away from the edges, where there is one. */
function middleTile(plan: Plan): Tile {
  const [z, y, x] = mapAxes((axis) => Math.floor(plan.grid[axis] / 2));
  return tileAt(plan, (z * plan.grid[1] + y) * plan.grid[2] + x);
}

function boxEnd({ box }: Tile, axis: 0 | 1 | 2): number {
  return box.start[axis] + box.shape[axis];
}

function sourceChunk({ source }: Plan): Vec3 {
  return alongSpatialAxes(source, source.chunkShape);
}
