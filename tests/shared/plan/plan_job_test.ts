import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { BoundarySchema } from "shared/contract/algorithm.ts";
import { type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import type { Tile } from "shared/contract/tile.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { ClearstackError } from "shared/errors.ts";
import { fastBox, isFastBox } from "shared/plan/fast_size.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { totalBytes } from "shared/plan/host_memory.ts";
import type { Limits } from "shared/plan/plan_job.ts";
import { repeatedBox } from "shared/plan/axis_places.ts";
import { planJob, tileAt } from "shared/plan/plan_job.ts";
import { axisMaps, splitByChunk } from "shared/image/read/axis_map.ts";
import { imageInfo } from "../../fixtures/image_info.ts";

const MIB = 2 ** 20;

function image(shape: number[], axes = "tczyx".slice(-shape.length)): ImageInfo {
  const chunkShape = shape.map((side, i) => i < shape.length - 3 ? 1 : Math.min(side, 32));
  return imageInfo(axes, shape, { chunkShape, identity: "abc" });
}

function psf(shape: Vec3): PsfInfo {
  return { shape, sha256: "def", radius: mapAxes((axis) => Math.floor(shape[axis] / 4)) };
}

function request(tiling: JobRequestInput["tiling"] = {}, algorithm: JobRequestInput["algorithm"] = {}) {
  return JobRequestSchema.parse({
    source: { url: "memory:image" },
    psf: { url: "memory:psf" },
    output: { url: "memory:out" },
    tiling,
    algorithm,
  });
}

function limits(hostBytes: number, computeOnHost = true): Limits {
  return {
    hostBytes,
    deviceBytes: 1e12,
    compute: (box) => ({ estimate: 4 * voxelCount(box), spectrum: 12 * voxelCount(box) }),
    boxesAtOnce: 1,
    computeOnHost,
    readCostIterations: 0.3,
  };
}

const GENEROUS = limits(64 * 1024 * MIB);

function allTiles(plan: Plan): Tile[] {
  return Array.from({ length: plan.tiles }, (_, index) => tileAt(plan, index));
}

const fraction = fc.double({ min: 0, max: 1, noNaN: true });

/** Image, PSF, tiling and budget of small random jobs. */
const jobs = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 4, max: 150 }), fc.integer({ min: 4, max: 150 })),
  psfFraction: fc.tuple(fraction, fraction, fraction),
  tile: fc.oneof(
    fc.constant("auto" as const),
    fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 3, max: 90 }), fc.integer({ min: 3, max: 90 })),
  ),
  halo: fc.oneof(
    fc.constant("auto" as const),
    fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })),
  ),
  hostMebibytes: fc.integer({ min: 320, max: 4000 }),
}).map(({ shape, psfFraction, ...rest }) => ({
  ...rest,
  shape,
  psf: psf(mapAxes((axis) => Math.max(1, Math.floor(psfFraction[axis] * shape[axis] * 0.5)))),
}));

type SmallJob = typeof jobs extends fc.Arbitrary<infer T> ? T : never;

function planOf(
  { shape, psf, tile, halo, hostMebibytes }: SmallJob,
  algorithm: JobRequestInput["algorithm"] = {},
): Plan {
  return planJob(image([...shape]), psf, request({ tile, halo }, algorithm), limits(hostMebibytes * MIB));
}

Deno.test("tiles cover every voxel exactly once, whatever the cut", () => {
  fc.assert(fc.property(jobs, (job) => {
    const plan = planOf(job);
    const counts = mapAxes((axis) => new Uint32Array(job.shape[axis]));
    const tiles = allTiles(plan);
    for (const { core } of tiles) {
      for (const axis of [0, 1, 2] as const) {
        for (let i = 0; i < core.shape[axis]; i++) counts[axis][core.start[axis] + i]!++;
      }
    }
    // A grid of tiles covers the product of what it covers along each axis.
    for (const axis of [0, 1, 2] as const) {
      const others = plan.tiles / plan.grid[axis];
      assert(counts[axis].every((count) => count === others));
    }
    assertEquals(tiles.reduce((sum, { core }) => sum + voxelCount(core.shape), 0), voxelCount(job.shape));
  }));
});

const boundaries = fc.constantFrom(...BoundarySchema.options);

Deno.test("every box has fast sides, holds the PSF, and sees the halo or all that there is", () => {
  fc.assert(fc.property(jobs, boundaries, (job, boundary) => {
    const plan = planOf(job, { boundary });
    const repeated = repeatedBox(plan)?.shape ?? plan.shape;
    for (const { core, box } of allTiles(plan)) {
      assert(isFastBox(box.shape), `box ${box.shape}`);
      for (const axis of [0, 1, 2] as const) {
        const [low, high] = [core.start[axis] - plan.halo[axis], core.start[axis] + core.shape[axis] + plan.halo[axis]];
        const end = box.start[axis] + box.shape[axis];
        const holds = (first: number, after: number) => box.start[axis] <= first && after <= end;
        // Known voxels and so many unknown ones that none beyond one end is reached from the other.
        const [seenLow, seenHigh] = [Math.max(0, low), Math.min(plan.shape[axis], high)];
        const known = Math.min(plan.shape[axis], end) - Math.max(0, box.start[axis]);
        const isFree = boundary === "non-circulant" && holds(seenLow, seenHigh) &&
          box.shape[axis] - known >= 2 * plan.psf.radius[axis];
        const isAll = boundary !== "non-circulant" && box.shape[axis] === repeated[axis];
        assert(holds(low, high) || isFree || isAll, `${[low, high]} in ${[box.start[axis], end]}`);
        assert(box.shape[axis] >= plan.psf.shape[axis] && box.shape[axis] <= plan.box[axis]);
      }
    }
  }));
});

Deno.test("one tile computes its voxels and the reach of the PSF on both sides, whatever lies outside; periodic none", () => {
  fc.assert(fc.property(jobs, boundaries, (job, boundary) => {
    const plan = planOf({ ...job, tile: "auto", hostMebibytes: 1e6 }, { boundary });
    if (plan.tiles > 1 || boundary === "periodic") return;
    for (const axis of [0, 1, 2] as const) {
      const length = Math.max(job.shape[axis] + 2 * job.psf.radius[axis], job.psf.shape[axis]);
      assert(plan.box[axis] <= fastBox([length, length, length])[axis]);
    }
  }));
  const periodic = planJob(image([64, 128, 128]), psf([33, 33, 33]), request({}, { boundary: "periodic" }), GENEROUS);
  assertEquals(periodic.box, [64, 128, 128]);
  // 64 + 40, 512 + 60 and 512 + 60 voxels, grown to 105, 576 and 576.
  const reach = { ...psf([41, 61, 61]), radius: [20, 30, 30] as const };
  const deep = planJob(image([64, 512, 512]), reach, request({}, { boundary: "non-circulant" }), GENEROUS);
  assertEquals([deep.tiles, deep.box], [1, [105, 576, 576]]);
  assert(deep.inflation < 2.1);
});

Deno.test("the boxes of a job have at most eight shapes", () => {
  fc.assert(fc.property(jobs, boundaries, (job, boundary) => {
    const shapes = new Set(allTiles(planOf(job, { boundary })).map(({ box }) => box.shape.join()));
    assert(shapes.size <= 8, [...shapes].join("; "));
  }));
});

Deno.test("the first and the last tile need less than a halo beyond the face of an image with unknown edges", () => {
  const wide = { ...psf([1, 21, 1]), radius: [0, 10, 0] as const };
  const tall = (edge: number) =>
    planJob(
      image([1, edge, 64]),
      wide,
      request({ tile: [1, 100, 64], halo: [0, 30, 0] }, { boundary: "non-circulant" }),
      GENEROUS,
    );
  // 100 + 30 + 2 * 10 where there are two tiles, 100 + 2 * 30 for those between.
  assertEquals(allTiles(tall(200)).map(({ box }) => [box.start[1], box.shape[1]]), [[-20, 150], [70, 150]]);
  assertEquals(allTiles(tall(300)).map(({ box }) => [box.start[1], box.shape[1]]), [[-20, 150], [70, 160], [170, 150]]);
});

Deno.test("what a plan counts as computed and read is what its tiles compute and touch", () => {
  fc.assert(fc.property(jobs, boundaries, (job, boundary) => {
    const plan = planOf(job, { boundary });
    const tiles = allTiles(plan);
    const computed = tiles.reduce((sum, { box }) => sum + voxelCount(box.shape), 0);
    assert(Math.abs(plan.inflation - computed / plan.voxels) < 1e-9);
    const chunkSides = mapAxes((axis) => Math.min(32, job.shape[axis]));
    const repeated = repeatedBox(plan);
    const read = tiles.reduce((sum, { box }) => {
      const maps = axisMaps({ box, whole: job.shape, repeated }, boundary);
      const lengths = mapAxes((axis) =>
        splitByChunk(maps[axis], chunkSides[axis])
          .reduce((sum, { chunk }) => sum + Math.min(chunkSides[axis], job.shape[axis] - chunk * chunkSides[axis]), 0)
      );
      return sum + voxelCount(lengths);
    }, 0);
    assert(plan.bytesRead === 2 * read, `${plan.bytesRead} for ${2 * read}`);
  }));
});

Deno.test("a tile owns whole chunks: chunks divide the tile along every axis that is cut", () => {
  fc.assert(fc.property(jobs, (job) => {
    const plan = planOf(job);
    for (const axis of [0, 1, 2] as const) {
      if (plan.grid[axis] > 1) assertEquals(plan.tile[axis] % plan.chunk[axis], 0);
    }
  }));
});

Deno.test("the claim never exceeds the budget, and equals the sum of its named terms", () => {
  fc.assert(fc.property(jobs, (job) => {
    const plan = planOf(job);
    assert(plan.hostBytes <= job.hostMebibytes * MIB);
    assertEquals(plan.hostBytes, totalBytes(plan.hostMemory));
    PlanSchema.parse(plan);
  }));
});

Deno.test("a plan over budget is refused with the memory it would need", () => {
  const planWithin = (mebibytes: number) =>
    planJob(image([512, 512, 512]), psf([32, 32, 32]), request({ tile: [256, 256, 256] }), limits(mebibytes * MIB));
  const error = assertThrows(() => planWithin(500), ClearstackError);
  assertEquals(error.kind, "over-budget");
  const needed = Number(/at least (\d+)MiB/.exec(error.message)![1]);
  planWithin(needed);
  assertThrows(() => planWithin(needed - 1), ClearstackError);
});

Deno.test("a volume ten times larger than the budget is cut until it fits", () => {
  const budget = 512 * MIB;
  const plan = planJob(image([640, 2048, 2048]), psf([17, 17, 17]), request(), limits(budget));
  assert(2 * plan.voxels >= 10 * budget);
  assert(plan.hostBytes <= budget);
});

Deno.test("a box holds all of a PSF that is larger than the image", () => {
  const plan = planJob(image([20, 64, 64]), psf([39, 9, 127]), request({ halo: [0, 0, 0] }), GENEROUS);
  assert(plan.box[0] >= 39 && plan.box[2] >= 127);
});

Deno.test("a box longer than the kernels take is refused, naming the axis", () => {
  const error = assertThrows(
    () => planJob(image([8, 9000, 64]), psf([1, 3, 3]), request({ tile: [8, 4000, 64] }), GENEROUS),
    ClearstackError,
  );
  assert(/longer than 2048 along y/.test(error.message));
});

Deno.test("device memory binds where the kernels hold their own", () => {
  const small = { ...limits(64 * 1024 * MIB, false), deviceBytes: 64 * MIB };
  const plan = planJob(image([256, 256, 256]), psf([9, 9, 9]), request(), small);
  assert(plan.deviceBytes <= small.deviceBytes);
  assert(!("spectrum" in plan.hostMemory));
});

Deno.test("boxes that overlap on a device are claimed each, as many as there are tiles for", () => {
  const [info, blur] = [image([64, 512, 512]), psf([9, 9, 9])];
  const two = { ...limits(1e12, false), boxesAtOnce: 2 };
  const whole = planJob(info, blur, request(), two);
  assertEquals([whole.tiles, whole.deviceBytes], [1, 16 * voxelCount(whole.box)]);
  const cut = planJob(info, blur, request({ tile: [64, 256, 256] }), two);
  assertEquals([cut.concurrency, cut.deviceBytes], [4, 2 * 16 * voxelCount(cut.box)]);
});

Deno.test("the tile that 'auto' chooses costs no more than any hand-cut one that fits", () => {
  const budget = limits(700 * MIB);
  const chosen = planJob(image([190, 512, 512]), psf([33, 33, 33]), request({ halo: [16, 16, 16] }), budget);
  for (const tile of [[64, 128, 128], [96, 96, 96], [190, 64, 64], [32, 256, 256]] as Vec3[]) {
    try {
      const other = planJob(image([190, 512, 512]), psf([33, 33, 33]), request({ tile, halo: [16, 16, 16] }), budget);
      assert(chosen.inflation <= other.inflation, `${tile}: ${other.inflation} < ${chosen.inflation}`);
    } catch (error) {
      assertEquals((error as ClearstackError).kind, "over-budget");
    }
  }
});

Deno.test("where computing is cheap, tiles are cut so that less is read", () => {
  const planFor = (readCostIterations: number) =>
    planJob(image([400, 1024, 1024]), psf([17, 17, 17]), request({ halo: [8, 8, 8] }), {
      ...limits(700 * MIB),
      readCostIterations,
    });
  assert(planFor(1000).readAmplification < planFor(0).readAmplification);
  assert(planFor(0).inflation < planFor(1000).inflation);
});

Deno.test("the 2020 pipeline's tiles keep their core and halo and grow to fast boxes", () => {
  const plan = planJob(
    image([950, 2048, 2048]),
    psf([128, 128, 128]),
    request({ tile: [190, 512, 512], halo: [64, 64, 64] }, { boundary: "periodic", iterations: 100 }),
    GENEROUS,
  );
  assertEquals(plan.grid, [5, 4, 4]);
  assertEquals(plan.box, fastBox([318, 640, 640]));
  assertEquals(plan.box, [320, 640, 640]);
  // 320 * 640 * 640 / (190 * 512 * 512)
  assert(Math.abs(plan.inflation - 2.632) < 0.001);
});

Deno.test("2-D images keep a z of one, and times and channels are planned as volumes", () => {
  const flat = planJob(image([300, 400]), psf([1, 15, 15]), request(), GENEROUS);
  assertEquals([flat.shape[0], flat.box[0]], [1, 1]);
  const series = planJob(image([2, 3, 20, 64, 64]), psf([5, 9, 9]), request(), GENEROUS);
  assertEquals(series.outerShape, [2, 3]);
  assertEquals(series.tiles, 6);
  assertEquals(allTiles(series).map((tile) => tile.outer), [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
});

Deno.test("the plan hash changes with everything that changes voxels, and with nothing else", () => {
  const hashOf = (r = request(), i = image([64, 64, 64]), p = psf([9, 9, 9]), l = GENEROUS) =>
    planJob(i, p, r, l).planHash;
  const base = hashOf();
  assertEquals(base, hashOf(request(), image([64, 64, 64]), psf([9, 9, 9]), limits(32 * 1024 * MIB)));
  const others = [
    hashOf(request({}, { iterations: 21 })),
    hashOf(request({}, { boundary: "nearest" })),
    hashOf(request({ tile: [32, 64, 64] })),
    hashOf(request({ halo: [8, 8, 8] })),
    hashOf(request(), { ...image([64, 64, 64]), identity: "other" }),
    hashOf(request(), image([64, 64, 64]), { ...psf([9, 9, 9]), sha256: "other" }),
  ];
  assertEquals(new Set([base, ...others]).size, others.length + 1);
});

Deno.test("a source in chunks much larger than boxes is warned of, with both sizes; one in small chunks is not", () => {
  const planOfChunks = (chunkShape: number[]) =>
    planJob({ ...image([64, 2048, 2048]), chunkShape }, psf([1, 5, 5]), request({ tile: [64, 128, 128] }), GENEROUS);
  // 512 MiB of uint16, read whole for each of 256 tiles.
  const [warning] = planOfChunks([64, 2048, 2048]).warnings;
  assertEquals([warning!.code, warning!.level], ["source-chunks", "warning"]);
  assertEquals([warning!.value, warning!.limit], [256 * 512 * MIB, 512 * MIB]);
  assertStringIncludes(warning!.message, "128.0 GiB are read for an image of 512.0 MiB");
  assertStringIncludes(
    warning!.message,
    "chunks of the source, 64, 2048, 2048 or 512.0 MiB each: convert the source first",
  );
  assertEquals(planOfChunks([16, 128, 128]).warnings, []);
});
