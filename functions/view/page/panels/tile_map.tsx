/** The tiles that the plane on the screen runs through: done, under way, waiting. */
import { PLANES } from "../state/plane.ts";
import { tileCells } from "../state/tile_cells.ts";
import type { Viewer } from "../state/viewer.ts";

/** The map; nothing until it is known how tiles lie. */
export function TileMapPicture({ viewer }: { readonly viewer: Viewer }) {
  const states = viewer.tiles.value;
  if (states === undefined) return null;
  const plane = viewer.plane.value;
  const { u, v, w } = PLANES[plane];
  const level = viewer.reference.value?.levels[0];
  const isWhole = level === undefined || viewer.projection.value;
  const cells = tileCells(states, {
    plane,
    depth: isWhole ? undefined : viewer.at.value[w],
    time: level?.axes[0] === "t" && states.outerShape[0] === level.shape.t ? viewer.time.value : undefined,
  });
  const spacing = level?.spacing ?? { z: 1, y: 1, x: 1 };
  const end = (axis: "u" | "v") =>
    Math.max(...cells.map((cell) => cell[axis] + cell[axis === "u" ? "width" : "height"]));
  const [width, height] = [
    Math.min(end("u"), level?.shape[u] ?? Infinity),
    Math.min(end("v"), level?.shape[v] ?? Infinity),
  ];
  const sum = (part: "tiles" | "done" | "underWay") => cells.reduce((total, cell) => total + cell[part], 0);
  const [tiles, done, underWay] = [sum("tiles"), sum("done"), sum("underWay")];
  const where = isWhole ? "All planes" : "This plane";
  const words = `${where}: ${done} done, ${underWay} under way, ${tiles - done - underWay} waiting`;
  return (
    <figure class="tile-map">
      <svg
        role="img"
        aria-label={`Map of tiles. ${words}`}
        viewBox={`0 0 ${width * spacing[u]} ${height * spacing[v]}`}
        preserveAspectRatio="xMinYMin meet"
      >
        <rect class="ground" width={width * spacing[u]} height={height * spacing[v]} />
        {cells.map((cell) => (
          <rect
            key={`${cell.u} ${cell.v}`}
            class={cell.underWay > 0 ? "under-way" : cell.done === cell.tiles ? "done" : "waiting"}
            x={cell.u * spacing[u]}
            y={cell.v * spacing[v]}
            width={Math.min(cell.width, width - cell.u) * spacing[u]}
            height={Math.min(cell.height, height - cell.v) * spacing[v]}
            fill-opacity={cell.underWay > 0 ? undefined : cell.done / cell.tiles}
          />
        ))}
      </svg>
      <figcaption class="note">
        {where}: <i class="done" />
        {done} done, <i class="under-way" />
        {underWay} under way, <i class="waiting" />
        {tiles - done - underWay} waiting
      </figcaption>
    </figure>
  );
}
