import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { outputObjects, type OutputObjectsOptions } from "shared/plan/output_objects.ts";
import { planJob } from "shared/plan/plan_job.ts";

/** The array of a light-sheet recording: 2304 x 2304 x 500 voxels in tiles of 100 x 576 x 576. */
const large: OutputObjectsOptions = {
  shape: [500, 2304, 2304],
  volumes: 1,
  tile: [100, 576, 576],
  version: "0.5",
  shards: "auto",
};

const isMultiple = (a: Vec3, b: Vec3) => mapAxes((axis) => a[axis] % b[axis] === 0).every(Boolean);

Deno.test("with no more than 1000 chunks each is an object of its own", () => {
  const chunk = [16, 256, 256] as const;
  // 10 x 10 x 10 chunks, and one more.
  const full: Vec3 = [160, 2560, 2560];
  assertEquals(outputObjects({ ...large, shape: full, tile: full }), { chunk: [...chunk] });
  const more: Vec3 = [161, 2560, 2560];
  assert(outputObjects({ ...large, shape: more, tile: more }).shard !== undefined);
  assert(outputObjects({ ...large, shape: full, tile: full, volumes: 2 }).shard !== undefined);
});

Deno.test("a shard is chunks that share a tile, some tens of MiB", () => {
  const { chunk, shard } = outputObjects(large);
  assertEquals(chunk, [10, 192, 192]);
  // Of the multiples of the chunk that divide the tile, this comes nearest to 64 MiB of float32 from below, with 63.3 MiB.
  assertEquals(shard, [50, 576, 576]);
});

Deno.test("shards are made of whole chunks, divide every tile, and are never too large to assemble", () => {
  const side = fc.integer({ min: 1, max: 3000 });
  fc.assert(
    fc.property(fc.tuple(side, side, side), fc.tuple(side, side, side), fc.integer({ min: 1, max: 5000 }), (
      shape,
      wish,
      volumes,
    ) => {
      const tile = mapAxes((axis) => Math.min(wish[axis], shape[axis]));
      const { chunk, shard } = outputObjects({ ...large, shape, tile, volumes });
      if (shard === undefined) return;
      assert(isMultiple(shard, chunk), `${shard} of ${chunk}`);
      for (const axis of [0, 1, 2] as const) {
        if (tile[axis] < shape[axis]) assertEquals(tile[axis] % shard[axis], 0);
        else assert(shard[axis] < shape[axis] + chunk[axis], "a shard reaches further than it must");
      }
      assert(voxelCount(shard) <= Math.max(2 ** 24, voxelCount(chunk)));
    }),
    { numRuns: 500, seed: 1 },
  );
});

Deno.test("shards can be switched off, and OME-Zarr 0.4 has none", () => {
  assertEquals(outputObjects({ ...large, shards: "none" }), { chunk: [10, 192, 192] });
  assertEquals(outputObjects({ ...large, version: "0.4" }), { chunk: [10, 192, 192] });
  const error = assertThrows(
    () => outputObjects({ ...large, version: "0.4", shards: [64, 512, 512] }),
    ClearstackError,
    "has no shards",
  );
  assertEquals(error.kind, "invalid-request");
});

Deno.test("given shards are taken as they are, with chunks that divide them", () => {
  const given = outputObjects({ ...large, shards: [50, 288, 576] });
  assertEquals(given, { chunk: [10, 144, 192], shard: [50, 288, 576] });
});

Deno.test("given shards larger than the image are cut to the chunks that hold it", () => {
  const options = { ...large, shape: [20, 100, 300], tile: [20, 100, 300], shards: [64, 512, 512] } as const;
  assertEquals(outputObjects(options), { chunk: [16, 100, 256], shard: [32, 100, 512] });
  // Of one chunk, a shard would be nothing but an index more.
  const small = { ...options, shape: [10, 100, 200], tile: [10, 100, 200] } as const;
  assertEquals(outputObjects(small), { chunk: [10, 100, 200] });
});

Deno.test("given shards that two tiles would share are refused by axis", () => {
  const error = assertThrows(
    () => outputObjects({ ...large, shards: [50, 500, 576] }),
    ClearstackError,
    "the tile has 576 voxels along y, which shards of 500 do not divide",
  );
  assertEquals(error.kind, "invalid-request");
});

Deno.test("a tile that the planner chooses is made of the shards that were asked for, whose memory it claims", () => {
  const axes = ["z", "y", "x"] as const;
  const image: ImageInfo = {
    url: "memory:image",
    path: "",
    format: "zarr3",
    dtype: "uint16",
    shape: [100, 700, 900],
    chunkShape: [10, 100, 100],
    axes: axes.map((name) => ({ name, type: "space" })),
    scale: [1, 1, 1],
    identity: "abc",
  };
  const request = JobRequestSchema.parse({
    source: { url: "memory:image" },
    psf: { url: "memory:psf" },
    output: { url: "memory:out", shards: [30, 90, 110] },
  });
  const plan = planJob(image, { shape: [5, 9, 9], sha256: "def", radius: [2, 4, 4] }, request, {
    hostBytes: 700 * 2 ** 20,
    deviceBytes: 2 ** 40,
    compute: (box) => ({ boxes: 16 * voxelCount(box) }),
    boxesAtOnce: 1,
    computeOnHost: true,
    readCostIterations: 0.3,
  });
  assert(plan.tiles > 4, "the limit cuts nothing");
  assertEquals([plan.chunk, plan.shard], [[15, 90, 110], [30, 90, 110]]);
  for (const axis of [0, 1, 2] as const) {
    assert(plan.tile[axis] >= plan.shape[axis] || plan.tile[axis] % plan.shard![axis] === 0, `${plan.tile}`);
  }
  // Two shards at a time, of float32.
  assertEquals(plan.hostMemory.outputShards, 2 * 4 * 30 * 90 * 110);
});
