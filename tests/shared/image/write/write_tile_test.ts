import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { axesOf } from "shared/image/axes.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { planFor, requestFor, tasksFor } from "../../../fixtures/plan.ts";
import { readWhole } from "../../../fixtures/read_whole.ts";
import { createOutput, openImage, openStore, writeTile } from "../../../stores.ts";

function sourceOf(names: string, shape: number[]): ImageInfo {
  return {
    url: "memory:source-of-tests",
    path: "",
    format: "zarr2",
    dtype: "uint16",
    shape,
    chunkShape: shape.map(() => 4),
    axes: axesOf(names),
    scale: shape.map(() => 1),
    identity: "source",
  };
}

/** Value of a voxel: unlike any other's. */
function valueAt(outer: readonly number[], z: number, y: number, x: number): number {
  return outer.reduce((sum, at) => sum * 10 + at + 1, 0) * 1000 + z * 100 + y * 10 + x + 0.25;
}

async function writeAll(url: string, names: string, shape: number[], tile: Vec3, chunk: Vec3) {
  const plan = planFor({ source: sourceOf(names, shape), tile, chunk });
  const output = await createOutput(plan, requestFor(plan, url));
  let bytesWritten = 0;
  for (const task of tasksFor(plan, url)) {
    const { core, outer } = task.tile;
    const values: number[] = [];
    for (let z = 0; z < core.shape[0]; z++) {
      for (let y = 0; y < core.shape[1]; y++) {
        for (let x = 0; x < core.shape[2]; x++) {
          values.push(valueAt(outer, core.start[0] + z, core.start[1] + y, core.start[2] + x));
        }
      }
    }
    bytesWritten += (await writeTile(task, Float32Array.from(values))).bytesWritten;
  }
  return { plan, output, bytesWritten };
}

Deno.test("tiles of any size, chunk and rank make the whole array", async () => {
  const side = fc.integer({ min: 1, max: 9 });
  const cases = fc.record({
    names: fc.constantFrom("yx", "zyx", "cyx", "tczyx"),
    sides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), side, side, side),
    chunk: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 4 }))),
    chunksPerTile: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 3 }))),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ names, sides, chunk, chunksPerTile }) => {
      const flat = !names.includes("z");
      const shape = [...names].map((name) => sides["tczyx".indexOf(name)]!);
      const chunkOf = (flat ? [1, ...chunk.slice(1)] : chunk) as unknown as Vec3;
      const tile = chunkOf.map((length, axis) => length * (flat && axis === 0 ? 1 : chunksPerTile[axis]!));
      const url = memoryUrl();
      await writeAll(url, names, shape, tile as unknown as Vec3, chunkOf);
      const image = await openImage({ url, path: "0" });
      assertEquals([image.info.shape, image.info.dtype], [shape, "float32"]);
      const outer = shape.slice(0, names.length - (flat ? 2 : 3)).map((length) => length - 1);
      const [depth, height, width] = flat ? [1, ...shape.slice(-2)] : shape.slice(-3);
      const expected: number[] = [];
      for (let z = 0; z < depth!; z++) {
        for (let y = 0; y < height!; y++) for (let x = 0; x < width!; x++) expected.push(valueAt(outer, z, y, x));
      }
      assertEquals(await readWhole(image, outer), Float32Array.from(expected));
      await openStore(url).deleteAll("");
    }),
    { numRuns: 60, seed: 3 },
  );
});

Deno.test("every chunk is one object, edge chunks too, and their bytes add up", async () => {
  const url = memoryUrl();
  const { bytesWritten } = await writeAll(url, "zyx", [5, 6, 7], [4, 4, 8], [2, 4, 4]);
  const keys = (await Array.fromAsync(openStore(url).list("0/c/"))).sort();
  assertEquals(keys.length, 3 * 2 * 2);
  assertEquals([keys[0], keys.at(-1)], ["0/c/0/0/0", "0/c/2/1/1"]);
  const sizes = await Promise.all(keys.map(async (key) => (await openStore(url).head(key))!.size));
  assertEquals(sizes.reduce((sum, size) => sum + size, 0), bytesWritten);
});

Deno.test("writing a tile twice, or elsewhere, gives the same objects", async () => {
  const [first, second] = [memoryUrl(), memoryUrl()];
  for (const url of [first, second]) await writeAll(url, "zyx", [5, 6, 7], [4, 4, 8], [2, 4, 4]);
  await writeTile(
    tasksFor(planFor({ source: sourceOf("zyx", [5, 6, 7]), tile: [4, 4, 8], chunk: [2, 4, 4] }), first)[3]!,
    new Float32Array(1 * 2 * 7).fill(1),
  );
  const changed: string[] = [];
  for await (const key of openStore(first).list("0/c/")) {
    const [a, b] = [await openStore(first).get(key), await openStore(second).get(key)];
    if (a!.join() !== b!.join()) changed.push(key);
  }
  // Only the objects of the one tile that was written with other values.
  assertEquals(changed.sort(), ["0/c/2/1/0", "0/c/2/1/1"]);
});

Deno.test("a core that is not made of whole chunks is a defect, not a half-written object", async () => {
  const plan = planFor({ source: sourceOf("zyx", [8, 8, 8]), tile: [3, 8, 8], chunk: [2, 8, 8] });
  const url = memoryUrl();
  await assertRejects(() => writeTile(tasksFor(plan, url)[1]!, new Float32Array(3 * 64)), Error, "whole chunks");
  assertEquals(await Array.fromAsync(openStore(url).list("")), []);
});

Deno.test("after a chunk could not be written no other is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const plan = planFor({ source: sourceOf("zyx", [32, 4, 4]), tile: [32, 4, 4], chunk: [1, 4, 4] });
    // A file where the folder of the third chunk is needed.
    await openStore(folder).put("0/c/2", new Uint8Array(1));
    const error = await assertRejects(
      () => writeTile(tasksFor(plan, folder)[0]!, new Float32Array(32 * 16)),
      ClearstackError,
    );
    assertEquals(error.kind, "unwritable");
    const written = await Array.fromAsync(openStore(folder).list("0/c/"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(await Array.fromAsync(openStore(folder).list("0/c/")), written);
    assertEquals(written.length < 12, true, `${written.length}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
