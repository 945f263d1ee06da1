/** Which tiles of a job are done, and which are being done. */
import { z } from "zod";
import { Vec3Schema } from "../box.ts";

/** Answer of `GET /v1/jobs/{id}/tiles`. */
export const TileMapSchema = z.strictObject({
  outerShape: z.array(z.int().min(1)).describe("lengths of the axes before z, y, x"),
  grid: Vec3Schema.describe("tiles along z, y, x of each volume"),
  tile: Vec3Schema.describe("voxels of a tile along z, y, x; those at the end may have fewer"),
  done: z.array(z.tuple([z.int().min(0), z.int().min(0)])).describe(
    "runs of tiles that are done, each by its first and last index; volumes outermost, then z, y, x, x fastest",
  ),
  underWay: z.array(z.int().min(0)).describe("tiles that are being done, as far as the process that answers knows"),
});
export type TileMap = z.infer<typeof TileMapSchema>;

/** Runs of indices that follow each other, of any indices. */
export function runsOf(indices: Iterable<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && index <= last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}
