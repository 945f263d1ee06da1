import { assert, assertEquals } from "@std/assert";
import { beginJob } from "functions/orchestrate/run/run_job.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";
import { TileTaskSchema } from "shared/contract/tile.ts";
import { identityJobs, sampleRequest } from "../../functions/identity_jobs.ts";

async function samplePlan() {
  const { request } = await sampleRequest();
  const { plan } = await beginJob(request, identityJobs());
  return { request, plan, backend: "cpu" } as const;
}

Deno.test("there is one task for each tile that is not done, each complete in itself", async () => {
  const sample = await samplePlan();
  const done = new Set([0, 5, 17]);
  const tasks = [...tileTasks({ ...sample, done })];
  const all = [...done, ...tasks.map(({ tile }) => tile.index)].toSorted((a, b) => a - b);
  assertEquals(all, Array.from({ length: sample.plan.tiles }, (_, i) => i));
  for (const task of tasks) {
    const sent = JSON.parse(JSON.stringify(task));
    assertEquals(TileTaskSchema.parse(sent), sent);
  }
});

Deno.test("tiles whose boxes have one shape follow each other", async () => {
  const tasks = [...tileTasks({ ...await samplePlan(), done: new Set() })];
  const shapes = tasks.map(({ tile }) => tile.box.shape.join());
  const runs = shapes.filter((shape, i) => shape !== shapes[i - 1]);
  assertEquals(runs.length, new Set(shapes).size);
  assert(runs.length > 1, "the sample has edge tiles of other shapes");
});

Deno.test("tasks are made only when they are asked for", async () => {
  const sample = await samplePlan();
  const tasks = tileTasks({ ...sample, plan: { ...sample.plan, tiles: Number.MAX_SAFE_INTEGER }, done: new Set() });
  assertEquals(tasks.next().value?.tile.index, 0);
  tasks.return(undefined);
});
