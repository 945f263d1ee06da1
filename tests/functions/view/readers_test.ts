/** Many readers, readers that leave, and tiles that fail. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { ClearstackError } from "shared/errors.ts";
import { type ViewRequest, ViewRequestSchema } from "shared/contract/views/view.ts";
import { identityJobs } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { bodyOf, startViews } from "./view_service.ts";

const SHAPE = [64, 32, 32];
await writeZarr("memory:readers/image", { shape: SHAPE, chunk: [8, 32, 32], values: patternedVoxels(SHAPE) });
await writePsf("memory:readers/psf");

/** A view of 8 tiles along z, of two chunks each. */
const REQUEST: ViewRequest = ViewRequestSchema.parse({
  source: { url: "memory:readers/image" },
  psf: { url: "memory:readers/psf" },
  algorithm: { iterations: 2 },
  tiling: { tile: [8, 32, 32], halo: [2, 2, 2] },
  backend: "cpu",
});
const TILES = 8;

Deno.test("fifty readers that go through z compute each tile once", async () => {
  const kernels = identityKernels();
  await using service = await startViews({ deps: identityJobs(kernels) });
  const view = await service.views.create(REQUEST);
  const root = service.rootOf(view);
  const scrub = async (reader: number) => {
    for (let z = 0; z < TILES; z++) {
      await bodyOf(await fetch(`${root}/0/c/${z}/0/0`));
      if (reader % 5 === 0) await delay(1);
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, reader) => scrub(reader)));
  assertEquals(kernels.runs.length, TILES);
});

Deno.test("the next tile along z is computed before it is asked for, whichever way a reader goes", async () => {
  const kernels = identityKernels();
  await using service = await startViews({ deps: identityJobs(kernels) });
  const view = await service.views.create(REQUEST);
  const root = service.rootOf(view);
  for (const z of [5, 4]) await bodyOf(await fetch(`${root}/0/c/${z}/0/0`));
  while ((await service.views.get(view.id)).tilesDone < 3) await delay(1);
  await bodyOf(await fetch(`${root}/0/c/3/0/0`));
  while ((await service.views.get(view.id)).tilesDone < 4) await delay(1);
  assertEquals(kernels.runs.length, 4);
});

Deno.test("a tile is computed until its last reader leaves, and no longer", async () => {
  const { promise: began, resolve: begin } = Promise.withResolvers<AbortSignal>();
  const kernels = identityKernels(async (run, { signal }) => {
    if (run > 1) return;
    begin(signal!);
    await new Promise((resolve) => signal!.addEventListener("abort", resolve));
  });
  await using service = await startViews({ deps: identityJobs(kernels) });
  const url = `${service.rootOf(await service.views.create(REQUEST))}/0/c/0/0/0`;
  const readers = [new AbortController(), new AbortController()] as const;
  const answers = readers.map(({ signal }) => fetch(url, { signal }).then(bodyOf, () => "left"));
  const computing = await began;
  // Both wait for the same run.
  await delay(20);
  readers[0].abort();
  assertEquals(await answers[0], "left");
  await delay(50);
  assert(!computing.aborted);
  readers[1].abort();
  assertEquals(await answers[1], "left");
  while (!computing.aborted) await delay(1);
  await bodyOf(await fetch(url));
  assertEquals(kernels.runs.length, 2);
});

Deno.test("what nobody has asked for yet gives way to what is asked for, and is computed after it", async () => {
  let aborted = 0;
  const kernels = identityKernels(async (run, { signal }) => {
    if (run !== 3) return;
    await new Promise((resolve) => signal!.addEventListener("abort", resolve));
    aborted++;
  });
  await using service = await startViews({ deps: identityJobs(kernels) });
  const view = await service.views.create(REQUEST);
  const root = service.rootOf(view);
  for (const z of [0, 1]) await bodyOf(await fetch(`${root}/0/c/${z}/0/0`));
  while (kernels.runs.length < 3) await delay(1);
  await bodyOf(await fetch(`${root}/0/c/7/0/0`));
  assertEquals(aborted, 1);
  while ((await service.views.get(view.id)).tilesDone < 4) await delay(1);
});

Deno.test("a tile that cannot be computed is 500 with the reason, not 404, and is not tried again at once", async () => {
  const kernels = identityKernels((_, { signal }) => {
    if (signal) throw new ClearstackError("unsupported", "this box cannot be computed");
  });
  await using service = await startViews({ deps: identityJobs(kernels) });
  const url = `${service.rootOf(await service.views.create(REQUEST))}/0/c/0/0/0`;
  for (let again = 0; again < 3; again++) {
    const response = await fetch(url);
    assertEquals(response.headers.get("access-control-allow-origin"), "*");
    const problem = JSON.parse(new TextDecoder().decode(await bodyOf(response, 500)));
    assertEquals([problem.status, problem.detail], [500, "this box cannot be computed"]);
  }
  assertEquals(kernels.runs.length, 1);
});
