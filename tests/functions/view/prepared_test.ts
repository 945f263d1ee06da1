/** Kernels that are ready before somebody looks. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { identityJobs } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { bodyOf, sampleView, startViews } from "./view_service.ts";

Deno.test("a new view has its kernels made and everything decided by one iteration, and the first chunk uses them", async () => {
  const kernels = identityKernels();
  await using service = await startViews({ deps: identityJobs(kernels), prepares: true });
  const { request } = await sampleView();
  const algorithm = { ...request.algorithm, iterations: 7, background: "auto" as const };
  const view = await service.views.create({ ...request, algorithm });
  while (service.views.isBusy) await delay(1);
  assert((await service.views.get(view.id)).plan.decisions!.background! >= 0);
  assertEquals([kernels.runs.map(({ iterations }) => iterations), kernels.made.length], [[1], 1]);
  await bodyOf(await fetch(`${service.rootOf(view)}/0/c/0/1/1`));
  assertEquals([kernels.runs.map(({ iterations }) => iterations), kernels.made.length], [[1, 7], 1]);
});

Deno.test("who looks before the kernels are ready does not wait for more than them", async () => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const kernels = identityKernels(async (run, { signal }) => {
    if (run > 1) return;
    begin();
    await new Promise((resolve) => signal!.addEventListener("abort", resolve));
  });
  await using service = await startViews({ deps: identityJobs(kernels), prepares: true });
  const { request } = await sampleView();
  const view = await service.views.create(request);
  await began;
  await bodyOf(await fetch(`${service.rootOf(view)}/0/c/0/0/0`));
  while (service.views.isBusy) await delay(1);
  // What was stopped is not begun again: a tile has made the kernels ready.
  assertEquals([kernels.runs.length, kernels.made.length], [2, 1]);
});
