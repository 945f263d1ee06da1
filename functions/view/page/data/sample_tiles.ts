/** Values of an image at points of a plane, out of the tiles that are there. */
import type { PlanePoint } from "../state/camera.ts";
import { PLANES } from "../state/plane.ts";
import { voxelAt } from "./picture.ts";
import type { TileLoader } from "./tile_loader.ts";
import type { TileRequest } from "./tile_request.ts";

/** Tiles of a channel: those of the finest level first. */
type Layers = readonly (readonly TileRequest[])[];

/** The value of the voxel at a point, from the finest tile that has come; undefined where none has. */
export function sampleTiles(layers: Layers, tiles: Pick<TileLoader, "get">, { u, v }: PlanePoint): number | undefined {
  for (const layer of layers) {
    const request = layer.find(({ rect }) => u >= rect.u0 && u < rect.u1 && v >= rect.v0 && v < rect.v1);
    const values = request && tiles.get(request.key)?.values;
    if (values === undefined) continue;
    const level = request!.picture.levels[request!.level]!;
    const axes = PLANES[request!.pick.plane];
    const column = voxelAt(level, axes.u, u) - request!.u.start;
    const row = voxelAt(level, axes.v, v) - request!.v.start;
    return values[row * request!.u.length + column];
  }
  return undefined;
}

/** Values along a line, as many as `points`, evenly spaced with both ends. */
export function sampleLine(
  layers: Layers,
  tiles: Pick<TileLoader, "get">,
  { line: [from, to], points }: { readonly line: readonly [PlanePoint, PlanePoint]; readonly points: number },
): (number | undefined)[] {
  return Array.from({ length: points }, (_, index) => {
    const part = index / (points - 1);
    return sampleTiles(layers, tiles, { u: from.u + part * (to.u - from.u), v: from.v + part * (to.v - from.v) });
  });
}
