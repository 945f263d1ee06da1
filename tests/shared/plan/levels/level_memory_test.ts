import { assertEquals } from "@std/assert";
import type { Level } from "shared/contract/level.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { levelBytes } from "shared/plan/levels/level_memory.ts";
import { pyramidLevels } from "shared/plan/levels/pyramid.ts";

const chunk: Vec3 = [16, 256, 256];
const MIB = 2 ** 20;

/** 4 Mi voxels a tile, read from chunks of 1 Mi voxels. */
const levels = pyramidLevels([64, 4096, 4096], { spacing: [1, 1, 1], objects: () => ({ chunk }) });

const options = (box: Vec3, core: Vec3, concurrency: number, of: readonly Level[] = levels) => ({
  ...{ box, core, concurrency, levels: of, shape: [64, 4096, 4096] as const, outputChunk: chunk, voxelBytes: 4 },
});

/** Tile, and four chunks that are encoded, before and after; what is read before that is less. */
const TASK = 16 * MIB + 8 * 4 * MIB;

Deno.test("levels claim nothing where they fit in what tiles have given back", () => {
  // Three boxes and estimates of 64 MiB, and cores of 16 MiB.
  assertEquals(levelBytes(options([64, 512, 512], [16, 512, 512], 3)), 0);
  assertEquals(levelBytes({ ...options([64, 512, 512], [16, 512, 512], 3), tilesKept: true }), 3 * TASK + 8 * 64 * MIB);
});

Deno.test("levels claim what one task takes beyond small tiles, however many of those there are", () => {
  const tiles = 3 * (2 * MIB + MIB / 4);
  const small = options([4, 256, 256], [1, 256, 256], 3);
  assertEquals(levelBytes(small), TASK - tiles);
});

Deno.test("a task that reads large chunks claims those instead of what it writes", () => {
  // Of a chunk of 64 MiB: stored, decoded, and as the box that is reduced to an eighth.
  const large = { ...options([4, 256, 256], [1, 256, 256], 1), outputChunk: [16, 1024, 1024] as const };
  assertEquals(levelBytes(large), 16 * MIB + 3 * 64 * MIB + 8 * MIB - (2 * MIB + MIB / 4));
});

Deno.test("levels of integers claim as many bytes as their voxels have, beside tiles that are computed in floats", () => {
  const small = { ...options([4, 256, 256], [1, 256, 256], 3), voxelBytes: 2 };
  assertEquals(levelBytes(small), TASK / 2 - 3 * (2 * MIB + MIB / 4));
});

Deno.test("where there is no coarser level, nothing is claimed", () => {
  assertEquals(levelBytes(options([4, 256, 256], [1, 256, 256], 3, [])), 0);
});
