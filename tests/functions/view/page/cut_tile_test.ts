import { assertEquals } from "@std/assert";
import { cutTile, type TileValues } from "functions/view/page/data/cut_tile.ts";
import { chunkCoords, type PlanePick, visibleTiles } from "functions/view/page/data/tile_request.ts";
import { PLANES } from "functions/view/page/state/plane.ts";
import { pictureOf, valueAt } from "./picture_of.ts";

const SHAPE = { t: 2, c: 3, z: 5, y: 7, x: 9 };
const PICTURE = pictureOf({ shape: SHAPE, chunk: { t: 1, c: 2, z: 2, y: 4, x: 4 } });
const ALL = { u0: -100, v0: -100, u1: 100, v1: 100 };

/** All tiles of a plane, put together. */
async function wholePlane(pick: PlanePick): Promise<number[][]> {
  const { u, v } = PLANES[pick.plane];
  const rows = Array.from({ length: SHAPE[v] }, () => new Array<number>(SHAPE[u]).fill(NaN));
  for (const request of visibleTiles(PICTURE, 0, pick, ALL)) {
    let values: TileValues | undefined;
    for (const part of request.w) {
      const chunk = await PICTURE.levels[0]!.image.readChunk(chunkCoords(request, part));
      values = cutTile(request, chunk, part, values);
    }
    values!.forEach((value, index) => {
      const [row, column] = [Math.floor(index / request.u.length), index % request.u.length];
      rows[request.v.start + row]![request.u.start + column] = value;
    });
  }
  return rows;
}

for (const plane of ["xy", "xz", "yz"] as const) {
  const { u, v, w } = PLANES[plane];
  const expected = (depth: number) =>
    Array.from(
      { length: SHAPE[v] },
      (_, row) =>
        Array.from({ length: SHAPE[u] }, (_, column) =>
          valueAt({ t: 1, c: 2, z: 0, y: 0, x: 0, ...{ [v]: row, [u]: column, [w]: depth } } as typeof SHAPE)),
    );

  Deno.test(`a slice along ${plane} has the voxels of that plane, across all chunks`, async () => {
    const index = 3;
    const depth = index * PICTURE.levels[0]!.spacing[w];
    assertEquals(await wholePlane({ plane, channel: 2, time: 1, depth }), expected(index));
  });

  Deno.test(`a maximum projection along ${plane} has the largest voxels, and none of the padding`, async () => {
    // Values rise along every axis, so the last plane has the largest.
    assertEquals(await wholePlane({ plane, channel: 2, time: 1, depth: "all" }), expected(SHAPE[w] - 1));
  });
}

Deno.test("8 and 16 bits stay as they are, and everything else becomes float32", async () => {
  const pick = { plane: "xy", channel: 0, time: 0, depth: 0 } as const;
  const request = visibleTiles(PICTURE, 0, pick, ALL).find(({ u, v }) => u.start === 0 && v.start === 0)!;
  const chunk = await PICTURE.levels[0]!.image.readChunk(chunkCoords(request, request.w[0]!));
  const kinds = [Uint8Array, Uint16Array, Int16Array, Float64Array].map((Kind) =>
    cutTile(request, { ...chunk, values: new Kind(chunk.values.length) }, request.w[0]!).constructor.name
  );
  const big = cutTile(request, { ...chunk, values: new BigInt64Array(chunk.values.length).fill(5n) }, request.w[0]!);
  assertEquals([...kinds, big.constructor.name, big[0]], [
    ...["Uint8Array", "Uint16Array", "Float32Array", "Float32Array", "Float32Array"],
    5,
  ]);
});
