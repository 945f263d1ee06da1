/** An image drawn to scale: one volume as a box with its chunks and shards, how many there are, and the figures beside it. */
import { mapAxes, SPATIAL_AXES } from "shared/volume/geometry.ts";
import { alongSpatialAxes, spatialShape } from "shared/volume/spatial.ts";
import type { ImageDescription } from "shared/image/describe_image.ts";
import { hasScale, infoFacts, quantity } from "../commands/info_facts.ts";
import { type BoxDrawn, drawBox, type Drawn } from "./svg_box.ts";
import { svgDocument, svgText, textWidth } from "./svg_drawing.ts";
import { drawStack } from "./svg_stack.ts";
import { drawFacts } from "./svg_facts.ts";

const MARGIN = 24;
const GAP = 40;
const TITLE_HEIGHT = 36;
const LINE_PIXELS = 18;
const ROOM = { width: 340, height: 300 };

export function infoSvg(description: ImageDescription): string {
  const title = titleOf(description);
  const box = volumeBox(description);
  const stack = drawStack(outerAxes(description));
  const notes = notesOf(description, box);
  const facts = drawFacts(infoFacts(description));
  const top = MARGIN + TITLE_HEIGHT;
  const boxLeft = MARGIN + (stack === undefined ? 0 : stack.width + GAP);
  const drawnHeight = Math.max(box.height, stack?.height ?? 0);
  const left = boxLeft + Math.max(box.width, ...notes.map((note) => textWidth(note) + MARGIN - boxLeft)) + GAP;
  const width = left + facts.width + MARGIN;
  const height = top + Math.max(drawnHeight + 16 + notes.length * LINE_PIXELS, facts.height) + MARGIN;
  return svgDocument({
    width,
    height,
    title,
    body: [
      svgText(title, { x: MARGIN, y: MARGIN + 12, kind: "title" }),
      ...(stack === undefined ? [] : [moved(stack, MARGIN, top)]),
      moved(box, boxLeft, top),
      ...notes.map((note, line) =>
        svgText(note, { x: MARGIN, y: top + drawnHeight + 28 + line * LINE_PIXELS, kind: "quiet" })
      ),
      moved(facts, left, top),
    ].join("\n"),
  });
}

function moved({ svg }: Drawn, x: number, y: number): string {
  return `<g transform="translate(${Math.round(x)} ${Math.round(y)})">\n${svg}\n</g>`;
}

function titleOf({ info }: ImageDescription): string {
  const file = info.url.replace(/[\\/]+$/, "").split(/[\\/]/).at(-1)!;
  return info.path === "" ? file : `${file}/${info.path}`;
}

function volumeBox(description: ImageDescription): BoxDrawn {
  const { info, shardShape } = description;
  const { shape, chunkShape, axes, scale } = info;
  const chunk = alongSpatialAxes(info, chunkShape);
  const labels = mapAxes((axis) => {
    const at = axes.findIndex(({ name }) => name === SPATIAL_AXES[axis]);
    if (at < 0) return [];
    const length = `${SPATIAL_AXES[axis]} ${shape[at]}`;
    return hasScale(description) ? [length, quantity(shape[at]! * scale[at]!, axes[at]!.unit)] : [length];
  });
  return drawBox({
    shape: spatialShape(info),
    hasDepth: axes.some(({ name }) => name === "z"),
    grids: [
      { kind: "chunk", step: chunk },
      ...(shardShape === undefined ? [] : [{ kind: "shard" as const, step: alongSpatialAxes(info, shardShape) }]),
    ],
    mark: chunk,
    labels,
    room: ROOM,
  });
}

function outerAxes({ info: { axes, shape, chunkShape } }: ImageDescription) {
  return axes.flatMap(({ name, type }, axis) =>
    type === "space" ? [] : [{ name, length: shape[axis]!, chunk: chunkShape[axis]! }]
  );
}

/** Parts that the drawing cannot show as they are. */
function notesOf({ shardShape }: ImageDescription, { thickened, every }: BoxDrawn): string[] {
  const names = ["chunks", "shards"];
  const thinned = every.flatMap((nth, grid) => nth > 1 ? [`${names[grid]} 1 in ${nth}`] : []);
  return [
    shardShape === undefined ? "orange: one chunk" : "orange: one chunk; green lines: shards",
    ...(thinned.length === 0 ? [] : [`where borders lie close, not all are drawn: ${thinned.join(", ")}`]),
    ...(thickened.length === 0 ? [] : [`${thickened.join(" and ")} drawn thicker than to scale`]),
  ];
}
