import { assert, assertEquals } from "@std/assert";
import { beginJob, runJob } from "functions/orchestrate/run/run_job.ts";
import { seamTasks } from "functions/orchestrate/run/seam_tasks.ts";
import { smallerPilot, smallerPlace, smallerTile } from "shared/engine/split_task.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Piece, TileReport } from "shared/contract/tile.ts";
import { ClearstackError } from "shared/errors.ts";
import { isFastBox } from "shared/plan/fast_size.ts";
import type { Box } from "shared/volume/geometry.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { identityJobs, readOutput, sampleRequest } from "../../functions/identity_jobs.ts";
import { identityKernels } from "../../functions/identity_kernels.ts";
import { patternedVoxels, writeZarr } from "../../functions/sample_image.ts";

/** Two tiles of 32 planes, each in two chunks of 16, and a third of 6 planes. */
async function tallRequest(): Promise<{ request: JobRequest; values: Float32Array }> {
  const { request } = await sampleRequest();
  const shape = [70, 20, 24];
  const values = patternedVoxels(shape);
  const source = { url: `${request.source.url}-tall` };
  await writeZarr(source.url, { shape, chunk: [16, 20, 24], values });
  const tiling = { tile: [32, 20, 24], halo: [2, 4, 4] } as const;
  return { request: { ...request, source, tiling }, values: Float32Array.from(values) };
}

Deno.test("pieces make up the core in whole chunks, each in a fast box with its halo", async () => {
  const { request } = await tallRequest();
  const { plan } = await beginJob(request, identityJobs());
  const tasks = [...tileTasks({ plan, request, backend: "cpu", done: new Set() })];
  const [tall] = tasks.filter(({ tile }) => tile.core.start[0] === 32);
  const { pieces } = smallerTile(plan, tall!)!;
  const spans = ({ core }: Piece) => [core.start[0], core.shape[0]];
  assertEquals(pieces!.map(spans), [[32, 16], [48, 16]]);
  for (const { core, box } of pieces!) {
    assert(isFastBox(box.shape) && voxelCount(box.shape) < voxelCount(tall!.tile.box.shape));
    // Along y and x the box is all there is.
    assert(box.start[0] <= core.start[0] - plan.halo[0]);
    assert(box.start[0] + box.shape[0] >= core.start[0] + core.shape[0] + plan.halo[0]);
    assertEquals(box.shape.slice(1), plan.box.slice(1));
  }
  assertEquals(smallerTile(plan, { ...tall!, pieces: pieces! }), undefined, "a piece is one chunk");
});

Deno.test("a smaller place has the same middle and a smaller box", async () => {
  const { request } = await tallRequest();
  const { plan } = await beginJob(request, identityJobs());
  const [task] = [...seamTasks({ plan, request, backend: "cpu" })];
  const { tile } = smallerPlace(plan, task!)!;
  const middle = ({ start, shape }: Box) => start[0] + Math.floor(shape[0] / 2);
  assertEquals(middle(tile.box), middle(task!.tile.box));
  const seam = middle(tile.box);
  assert(tile.core.start[0] < seam && seam < tile.core.start[0] + tile.core.shape[0], "the seam is compared");
  assert(tile.core.shape[0] < task!.tile.core.shape[0]);
  assert(isFastBox(tile.box.shape) && voxelCount(tile.box.shape) < voxelCount(task!.tile.box.shape));
});

Deno.test("a smaller pilot measures whole chunks of the same tile in a smaller box", async () => {
  const { request } = await tallRequest();
  const { plan } = await beginJob(request, identityJobs());
  const [tall] = [...tileTasks({ plan, request, backend: "cpu", done: new Set() })];
  const { planHash: _, output: __, ...measured } = { ...tall!, measureEvery: 1 };
  const { tile } = smallerPilot(plan, measured)!;
  assertEquals([tile.index, tile.core.start, tile.core.shape[0]], [tall!.tile.index, tall!.tile.core.start, 16]);
  assert(isFastBox(tile.box.shape) && voxelCount(tile.box.shape) < voxelCount(tall!.tile.box.shape));
  assertEquals(smallerPilot(plan, { ...measured, tile }), undefined, "the core is one chunk");
});

/** Kernels on a device that holds boxes of up to so many voxels. */
function smallDevice(voxels: number) {
  const kernels = identityKernels();
  const { createDeconvolver } = kernels;
  return {
    ...kernels,
    createDeconvolver: (...[backend, options, lane]: Parameters<typeof createDeconvolver>) =>
      voxelCount(options.box) <= voxels
        ? createDeconvolver(backend, options, lane)
        : Promise.reject(new ClearstackError("device-memory", `a box of ${options.box} voxels does not fit the GPU`)),
  };
}

Deno.test("a job whose boxes do not fit the device is computed in smaller ones, and the reports say so", async () => {
  const { request, values } = await tallRequest();
  const reports: TileReport[] = [];
  const told: string[] = [];
  const { seam, tilesComputed } = await runJob(request, identityJobs(smallDevice(24 * 28 * 32)), {
    onProgress: ({ tile, message }) => {
      if (tile) reports.push(tile);
      if (message) told.push(message);
    },
  });
  assertEquals(await readOutput(request.output.url), values);
  assertEquals([tilesComputed, seam], [3, { largest: 0, places: 1 }]);
  assertEquals(reports.toSorted((a, b) => a.index - b.index).map(({ pieces }) => pieces), [2, 2, undefined]);
  assert(told.some((message) => message.includes("does not fit the GPU; now in smaller boxes")));
});

Deno.test("a job whose smallest boxes do not fit fails with the reason and leaves nothing", async () => {
  const { request } = await tallRequest();
  const error = await runJob(request, identityJobs(smallDevice(8 ** 3))).then(() => undefined, (error) => error);
  assertEquals([error.kind, error.message.includes("does not fit the GPU")], ["device-memory", true]);
});
