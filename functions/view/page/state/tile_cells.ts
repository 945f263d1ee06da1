/** The tiles that the plane on the screen runs through, as cells beside each other in it. */
import type { TileStates } from "../data/tile_follower.ts";
import { type PlaneName, PLANES, type SpaceAxis } from "./plane.ts";

/** A cell: one tile, or several where many are looked at. */
interface TileCell {
  /** Place in the plane, voxels. */
  readonly u: number;
  readonly v: number;
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
  readonly done: number;
  readonly underWay: number;
}

/** What of the tiles is looked at. */
interface TileLook {
  readonly plane: PlaneName;
  /** Voxel that the plane runs through; undefined for all planes. */
  readonly depth: number | undefined;
  /** Time point; undefined for all, also where the image has no time. */
  readonly time: number | undefined;
}

/** Cells along an axis, at most; more tiles share them. */
const MAX_CELLS = 48;

const AXES: readonly SpaceAxis[] = ["z", "y", "x"];

/** The cells, row by row. */
export function tileCells(states: TileStates, { plane, depth, time }: TileLook): TileCell[] {
  const { outerShape, grid, tile } = states;
  const along = (axis: SpaceAxis) => AXES.indexOf(axis);
  const { u, v, w } = PLANES[plane];
  const layers = grid[along(w)]!;
  const layer = depth === undefined ? undefined : Math.min(Math.floor(depth / tile[along(w)]!), layers - 1);
  const [columns, rows] = [grid[along(u)]!, grid[along(v)]!];
  const side = Math.max(1, Math.ceil(Math.max(columns, rows) / MAX_CELLS));
  const perVolume = grid.reduce((product, count) => product * count, 1);
  const volumes = volumesAt(outerShape, time);
  const cells: TileCell[] = [];
  for (let row = 0; row < rows; row += side) {
    for (let column = 0; column < columns; column += side) {
      const counts = { tiles: 0, done: 0, underWay: 0 };
      const count = (position: Readonly<Record<SpaceAxis, number>>) => {
        const inside = (position.z * grid[1] + position.y) * grid[2] + position.x;
        for (const volume of volumes) {
          const index = volume * perVolume + inside;
          counts.tiles++;
          if (states.done.has(index)) counts.done++;
          else if (states.underWay.has(index)) counts.underWay++;
        }
      };
      for (let at = layer ?? 0; at <= (layer ?? layers - 1); at++) {
        for (let y = row; y < Math.min(row + side, rows); y++) {
          for (let x = column; x < Math.min(column + side, columns); x++) {
            count({ [u]: x, [v]: y, [w]: at } as Record<SpaceAxis, number>);
          }
        }
      }
      const [width, height] = [tile[along(u)]! * side, tile[along(v)]! * side];
      cells.push({ u: column / side * width, v: row / side * height, width, height, ...counts });
    }
  }
  return cells;
}

/** Indices of the volumes of a time point, the first of the axes before z, y, x; of all without one. */
function volumesAt(outerShape: readonly number[], time: number | undefined): number[] {
  const all = outerShape.reduce((product, side) => product * side, 1);
  if (time === undefined) return Array.from({ length: all }, (_, index) => index);
  const perTime = all / outerShape[0]!;
  return Array.from({ length: perTime }, (_, index) => time * perTime + index);
}
