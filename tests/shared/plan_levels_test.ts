import { assert, assertEquals } from "@std/assert";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import { axesOf } from "shared/image/axes.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import type { Limits } from "shared/plan/plan_job.ts";
import { planJob } from "shared/plan/plan_job.ts";

const psf = { shape: [1, 3, 3], sha256: "00", radius: [0, 1, 1] } as const;
const limits: Limits = {
  hostBytes: 2 ** 34,
  deviceBytes: 2 ** 34,
  compute: () => ({}),
  boxesAtOnce: 1,
  computeOnHost: true,
  readCostIterations: 0.3,
};

function image(shape: number[], more: Partial<ImageInfo> = {}): ImageInfo {
  const axes = axesOf("tczyx".slice(-shape.length));
  const stored = { url: "memory:image", path: "", format: "zarr3", dtype: "uint16", identity: "1" } as const;
  return { ...stored, shape, chunkShape: shape, axes, scale: shape.map(() => 1), ...more };
}

function planOf(info: ImageInfo, output: Partial<JobRequestInput["output"]> = {}) {
  const request = { source: { url: info.url }, psf: { url: "memory:psf" }, output: { url: "memory:out", ...output } };
  return planJob(info, psf, JobRequestSchema.parse(request), limits);
}

Deno.test("a plan has the arrays of all levels, and counts what is written to them", () => {
  const plan = planOf(image([2, 3, 20, 600, 600]));
  assertEquals(plan.levels.map(({ shape }) => shape), [[10, 300, 300], [5, 150, 150]]);
  assertEquals(plannedOutput(plan, { url: "memory:out" }).arrays.map(({ array, shape }) => [array, shape]), [
    ["0", [2, 3, 20, 600, 600]],
    ["1", [2, 3, 10, 300, 300]],
    ["2", [2, 3, 5, 150, 150]],
  ]);
  assertEquals(plan.bytesWritten, 4 * 6 * (20 * 600 * 600 + 10 * 300 * 300 + 5 * 150 * 150));
  assertEquals(planOf(image([600, 600])).levels.map(({ shape }) => shape), [[1, 300, 300], [1, 150, 150]]);
});

Deno.test("the plan's hash tells what the levels are, since a job must not go on with tiles of others", () => {
  const hashes = [
    planOf(image([20, 600, 600])),
    planOf(image([20, 600, 600]), { pyramid: "none" }),
    planOf(image([20, 600, 600], { scale: [3, 1, 1] })),
  ].map(({ planHash }) => planHash);
  assertEquals(new Set(hashes).size, 3);
  assertEquals(planOf(image([20, 600, 600], { scale: [2, 2, 2] })).planHash, hashes[0]);
});

Deno.test("sides of voxels are compared in one unit, whatever units their axes have", () => {
  const axes = axesOf("zyx", ["nanometer", "micrometer", "micrometer"]);
  const plan = planOf(image([20, 600, 600], { axes, scale: [1000, 0.25, 0.25] }));
  assertEquals(plan.levels.map(({ factors }) => factors.join("")), ["122", "122"]);
});

Deno.test("an image whose scale is nonsense has levels as if its voxels were cubes", () => {
  for (const scale of [[0, 0, 0], [1, 0, 1], [1, Infinity, NaN]]) {
    assertEquals(planOf(image([20, 600, 600], { scale })).levels.map(({ factors }) => factors.join("")), [
      "222",
      "222",
    ]);
  }
  // A mirrored axis is as long as any other.
  assert(
    planOf(image([20, 600, 600], { scale: [1, -1, 1] })).levels.every(({ factors }) => factors.join("") === "222"),
  );
});
