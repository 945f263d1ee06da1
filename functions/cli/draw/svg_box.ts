/** A volume drawn as a box seen from the front, above and the right, with grids on its faces. */
import { mapAxes, SPATIAL_AXES, type Vec3 } from "shared/volume/geometry.ts";
import { type Borders, polygon, px, svgText, textWidth, visibleBorders } from "./svg_drawing.ts";

/** A grid on the faces of a box: pieces of `step` voxels. */
interface BoxGrid {
  readonly kind: "chunk" | "shard" | "tile";
  readonly step: Vec3;
}

interface BoxDrawing {
  /** Voxels, z, y, x. */
  readonly shape: Vec3;
  /** False draws a plane. */
  readonly hasDepth: boolean;
  readonly grids: readonly BoxGrid[];
  /** Voxels of the piece in the front upper left corner that is marked. */
  readonly mark: Vec3;
  /** Up to two lines of text along each side. */
  readonly labels: readonly [z: readonly string[], y: readonly string[], x: readonly string[]];
  /** Pixels that the box may take, without its labels. */
  readonly room: { readonly width: number; readonly height: number };
}

/** A drawing with its size; its upper left corner is at 0, 0. */
export interface Drawn {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Ways in which a drawing departs from the facts. */
export interface BoxDrawn extends Drawn {
  /** Sides that would be too thin to see, and are drawn thicker than to scale. */
  readonly thickened: readonly ("z" | "y" | "x")[];
  /** For each grid: every how-many-th border is drawn, at most. */
  readonly every: readonly number[];
}

/** Depth goes up and to the right, foreshortened. */
const DEPTH: readonly [x: number, y: number] = [0.57, 0.4];
/** A side is drawn no thinner, pixels. */
const MIN_SIDE = 10;
const LINE_PIXELS = 16;
const LABEL_GAP = 8;

export function drawBox(drawing: BoxDrawing): BoxDrawn {
  const { shape, hasDepth, room, labels } = drawing;
  const depthVoxels = hasDepth ? shape[0] : 0;
  const scale = Math.min(
    room.width / (shape[2] + DEPTH[0] * depthVoxels),
    room.height / (shape[1] + DEPTH[1] * depthVoxels),
  );
  const toScale = mapAxes((axis) => shape[axis] * scale);
  const sides = mapAxes((axis) => axis === 0 && !hasDepth ? 0 : Math.max(toScale[axis], MIN_SIDE));
  const [depth, height, width] = sides;
  const [dx, dy] = [depth * DEPTH[0], depth * DEPTH[1]];
  const labelWidth = Math.max(...labels[1].map(textWidth)) + LABEL_GAP;
  const place: Place = {
    left: labelWidth,
    top: dy,
    pixels: mapAxes((axis) => sides[axis] / shape[axis]),
    hasDepth,
  };
  const borders = drawing.grids.map(({ step }) =>
    mapAxes((axis): Borders =>
      sides[axis] === 0 ? { at: [], every: 1 } : visibleBorders(shape[axis], step[axis], sides[axis])
    )
  );
  const front = face(place, [[0, 0, 0], [0, 0, shape[2]], [0, shape[1], shape[2]], [0, shape[1], 0]], "front");
  const svg = [
    front,
    ...(hasDepth
      ? [
        face(place, [[0, 0, 0], [shape[0], 0, 0], [shape[0], 0, shape[2]], [0, 0, shape[2]]], "top"),
        face(
          place,
          [[0, 0, shape[2]], [shape[0], 0, shape[2]], [shape[0], shape[1], shape[2]], [0, shape[1], shape[2]]],
          "side",
        ),
      ]
      : []),
    ...drawing.grids.map(({ kind }, index) => gridPath(place, shape, kind, borders[index]!)),
    ...markFaces(place, shape, drawing.mark),
    ...sideLabels({ ...place, dx, dy, width, height }, labels),
  ].join("\n");
  const zLabel = hasDepth ? Math.max(...labels[0].map(textWidth)) : 0;
  const right = labelWidth + Math.max(width + dx, width + dx / 2 + LABEL_GAP + zLabel);
  return {
    svg,
    width: right,
    height: height + dy + LABEL_GAP + LINE_PIXELS * labels[2].length,
    thickened: SPATIAL_AXES.filter((_, axis) => sides[axis]! > toScale[axis]! && (axis > 0 || hasDepth)),
    every: borders.map((axes) => Math.max(...axes.map(({ every }) => every))),
  };
}

/** Destination of the voxels. */
interface Place {
  readonly left: number;
  /** Of the front face. */
  readonly top: number;
  /** Pixels per voxel. */
  readonly pixels: Vec3;
  readonly hasDepth: boolean;
}

function project({ left, top, pixels }: Place, [z, y, x]: Vec3): readonly [number, number] {
  const depth = z * pixels[0];
  return [left + x * pixels[2] + depth * DEPTH[0], top + y * pixels[1] - depth * DEPTH[1]];
}

function face(place: Place, corners: readonly Vec3[], kind: string): string {
  return polygon(kind, corners.map((corner) => project(place, corner)));
}

/** The borders of a grid on all faces that can be seen. */
function gridPath(place: Place, [depth, height, width]: Vec3, kind: string, borders: readonly Borders[]): string {
  const line = (from: Vec3, ...to: Vec3[]) =>
    `M${[from, ...to].map((point) => project(place, point).map(px).join(" ")).join("L")}`;
  const behind = place.hasDepth ? depth : 0;
  const path = [
    ...borders[2]!.at.map((x) => line([0, height, x], [0, 0, x], [behind, 0, x])),
    ...borders[1]!.at.map((y) => line([0, y, 0], [0, y, width], [behind, y, width])),
    ...borders[0]!.at.map((z) => line([z, 0, 0], [z, 0, width], [z, height, width])),
  ];
  return path.length === 0 ? "" : `<path class="${kind}" d="${path.join("")}"/>`;
}

/** The faces of the first piece that can be seen; its side only where it reaches the box's. */
function markFaces(place: Place, shape: Vec3, mark: Vec3): string[] {
  const [depth, height, width] = mapAxes((axis) => Math.min(mark[axis], shape[axis]));
  const faces = [face(place, [[0, 0, 0], [0, 0, width], [0, height, width], [0, height, 0]], "mark")];
  if (!place.hasDepth) return faces;
  faces.push(face(place, [[0, 0, 0], [depth, 0, 0], [depth, 0, width], [0, 0, width]], "mark"));
  if (width === shape[2]) {
    faces.push(face(place, [[0, 0, width], [depth, 0, width], [depth, height, width], [0, height, width]], "mark"));
  }
  return faces;
}

function sideLabels(
  { left, top, dx, dy, width, height, hasDepth }: Place & {
    readonly dx: number;
    readonly dy: number;
    readonly width: number;
    readonly height: number;
  },
  [z, y, x]: BoxDrawing["labels"],
): string[] {
  const lines = (texts: readonly string[], at: { x: number; y: number }, anchor: "start" | "middle" | "end") =>
    texts.map((text, index) =>
      svgText(text, { x: at.x, y: at.y + index * LINE_PIXELS, anchor, ...(index > 0 ? { kind: "quiet" } : {}) })
    );
  return [
    ...lines(x, { x: left + width / 2, y: top + height + LABEL_GAP + 12 }, "middle"),
    ...lines(y, { x: left - LABEL_GAP, y: top + height / 2 + 5 - (y.length - 1) * LINE_PIXELS / 2 }, "end"),
    ...(hasDepth ? lines(z, { x: left + width + dx / 2 + LABEL_GAP, y: top + height - dy / 2 + 12 }, "start") : []),
  ];
}
