/** A plan drawn to scale: the array from the front (x, y) and from above (x, z), its chunks, the tiles, and one tile's box. */
import type { Plan } from "shared/contract/plan.ts";
import type { Tile } from "shared/contract/tile.ts";
import type { Vec3 } from "shared/geometry.ts";
import { mapAxes, SPATIAL_AXES } from "shared/geometry.ts";
import { tileAt } from "shared/plan.ts";

/** Pixels that both views together may take; legend and titles come on top. */
const DRAWING = { width: 640, height: 560 } as const;
/** Lines closer than this, in pixels, would be a grey area. */
const LEAST_SPACING = 3;
/** Pixels around the views, and between them. */
const MARGIN = 24;
const GAP = 56;
const LINE_HEIGHT = 20;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #222 }
  .title { font-weight: 600 }
  .axis { fill: #666 }
  .array { fill: #eef3f8; stroke: #222; stroke-width: 1.5 }
  .chunk { stroke: #9db4c8; stroke-width: 0.75; stroke-dasharray: 2 2 }
  .tile { stroke: #1f5f99; stroke-width: 1.25 }
  .box { fill: #e8a33d; fill-opacity: 0.35; stroke: #b06f0a; stroke-width: 1.25 }
  .core { fill: #1f5f99; fill-opacity: 0.55; stroke: none }
`;

/** An axis pair of the array, the vertical one first, and where it is drawn. */
interface View {
  readonly vertical: 0 | 1;
  readonly title: string;
  readonly top: number;
}

/** The plan as an SVG document. */
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
  const width = Math.max(DRAWING.width, extents[2] * scale) + 2 * MARGIN;
  const height = legendTop + legend.length * LINE_HEIGHT + MARGIN;
  const drawn = [front, above].map((view) => drawView(plan, tile, view, { left, scale, overhang }));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" ` +
    `viewBox="0 0 ${px(width)} ${px(height)}" role="img">
<title>${summary(plan)}</title>
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text class="title" x="${MARGIN}" y="${MARGIN + 12}">${summary(plan)}</text>
${drawn.join("\n")}
${legend.map((line, i) => drawLegend(line, legendTop + i * LINE_HEIGHT)).join("\n")}
</svg>
`;
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
    `<text class="axis" x="${px(left)}" y="${px(top - overhang[vertical] * scale - 8)}">${title}</text>`,
    at(0, 0, width, height, "array"),
    gridLines({ ...size, steps: [chunk[2], chunk[vertical]], kind: "chunk" }),
    at(box.start[2], box.start[vertical], box.shape[2], box.shape[vertical], "box"),
    at(core.start[2], core.start[vertical], core.shape[2], core.shape[vertical], "core"),
    gridLines({ ...size, steps: [plan.tile[2], plan.tile[vertical]], kind: "tile" }),
  ].join("\n");
}

/** Lines at every multiple of the steps inside an area, unless they would lie too close to be told apart. */
function gridLines({ left, top, scale, width, height, steps: [across, down], kind }: {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  readonly steps: readonly [across: number, down: number];
  readonly kind: "chunk" | "tile";
}): string {
  const [right, bottom] = [px(left + width * scale), px(top + height * scale)];
  const lines: string[] = [];
  if (across * scale >= LEAST_SPACING) {
    for (let x = across; x < width; x += across) {
      lines.push(`M${px(left + x * scale)} ${px(top)}V${bottom}`);
    }
  }
  if (down * scale >= LEAST_SPACING) {
    for (let y = down; y < height; y += down) {
      lines.push(`M${px(left)} ${px(top + y * scale)}H${right}`);
    }
  }
  return lines.length === 0 ? "" : `<path class="${kind}" fill="none" d="${lines.join("")}"/>`;
}

interface LegendLine {
  readonly kind: "array" | "chunk" | "tile" | "core" | "box";
  readonly text: string;
}

function legendLines(plan: Plan, tile: Tile): LegendLine[] {
  const volumes = plan.outerShape.reduce((product, length) => product * length, 1);
  const more = volumes > 1 ? `, ${volumes} of them` : "";
  return [
    { kind: "array", text: `image: ${times(plan.shape)} voxels (z, y, x)${more}` },
    { kind: "chunk", text: `chunks of the source: ${times(sourceChunk(plan))}` },
    {
      kind: "tile",
      text: `tiles: ${times(plan.grid)}, each of ${times(plan.tile)} voxels, written as chunks of ${times(plan.chunk)}`,
    },
    {
      kind: "core",
      text: `one tile: ${times(tile.core.shape)}; in all, ${
        plan.inflation.toFixed(2)
      } voxels computed for each useful one`,
    },
    {
      kind: "box",
      text: `what is read and computed for it: ${times(tile.box.shape)}, halo at least ${plan.halo.join(", ")}`,
    },
  ];
}

function drawLegend({ kind, text }: LegendLine, top: number): string {
  const line = kind === "chunk" || kind === "tile";
  const sign = line
    ? `<path class="${kind}" d="M${MARGIN} ${px(top + 6)}h16"/>`
    : `<rect class="${kind}" x="${MARGIN}" y="${px(top)}" width="16" height="12"/>`;
  return `${sign}<text x="${MARGIN + 24}" y="${px(top + 11)}">${text}</text>`;
}

function summary({ tiles, tile, box }: Plan): string {
  return `${tiles} ${tiles === 1 ? "tile" : "tiles"} of ${times(tile)} voxels in boxes of up to ${times(box)}`;
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
  return mapAxes((axis) => {
    const position = source.axes.findIndex(({ name }) => name === SPATIAL_AXES[axis]);
    return source.chunkShape[position] ?? 1;
  });
}

function times(shape: Vec3): string {
  return shape.join(" × ");
}

/** Pixels with at most two decimals. */
function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
