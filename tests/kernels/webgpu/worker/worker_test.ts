import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Deconvolver } from "kernels/deconvolver.ts";
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { webgpuTest } from "../../../require.ts";

const BOX: Vec3 = [9, 15, 10];
const PSF = { shape: [3, 3, 3] as Vec3, values: new Float32Array(27).fill(1) };
const DATA = new Float32Array(voxelCount(BOX)).fill(3);

/** A number of iterations that no test waits for. */
const ENDLESS = 1_000_000;

webgpuTest("a run tells how many iterations are done, up to the last", async () => {
  const deconvolver = await createWebGpuDeconvolver({ box: BOX, psf: PSF });
  const counts: number[] = [];
  await deconvolver.run(DATA, { iterations: 300, onIterations: (done) => counts.push(done) });
  // No batch has more than 200 iterations.
  assert(counts.length > 1 && counts[0]! < 300, `${counts}`);
  assertEquals([counts.at(-1), counts.toSorted((a, b) => a - b)], [300, counts]);
  await deconvolver.close();
});

webgpuTest("a running deconvolution stops when its signal is aborted, and the next run is not affected", async () => {
  const deconvolver = await createWebGpuDeconvolver({ box: BOX, psf: PSF });
  const controller = new AbortController();
  const run = deconvolver.run(DATA, { iterations: ENDLESS, signal: controller.signal });
  setTimeout(() => controller.abort(), 100);
  assertEquals((await assertRejects(() => run, ClearstackError)).kind, "cancelled");
  const before = deconvolver.run(DATA, { iterations: 1, signal: controller.signal });
  assertEquals((await assertRejects(() => before, ClearstackError)).kind, "cancelled");
  await deconvolver.run(DATA, { iterations: 1 });
  await deconvolver.close();
});

webgpuTest("closing stops what is running and refuses what comes after", async () => {
  const deconvolver = await createWebGpuDeconvolver({ box: BOX, psf: PSF });
  const run = assertRejects(() => deconvolver.run(DATA, { iterations: ENDLESS }), ClearstackError);
  await deconvolver.close();
  assertEquals((await run).kind, "cancelled");
  await deconvolver.close();
  const late = await assertRejects(() => deconvolver.run(DATA, { iterations: 1 }), ClearstackError);
  assertEquals(late.kind, "cancelled");
});

webgpuTest("the calling thread stays responsive while the GPU works", async () => {
  const deconvolver = await createWebGpuDeconvolver({ box: BOX, psf: PSF });
  const controller = new AbortController();
  const run = assertRejects(
    () => deconvolver.run(DATA, { iterations: ENDLESS, signal: controller.signal }),
    ClearstackError,
  );
  const gaps: number[] = [];
  for (let last = performance.now(); gaps.length < 40;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  controller.abort();
  await run;
  await deconvolver.close();
  // Submissions last up to half a second each; a thread that waited for them would show it at most turns of its loop, and not
  // only where a busy machine gives it no turn.
  const median = gaps.toSorted((a, b) => a - b)[gaps.length / 2]!;
  assert(median < 100, `half of the turns of the event loop took more than ${median} ms`);
});

webgpuTest("several deconvolvers share the Worker and take turns", async () => {
  const [first, second] = await Promise.all([
    createWebGpuDeconvolver({ box: BOX, psf: PSF }),
    createWebGpuDeconvolver({ box: BOX, psf: PSF }),
  ]);
  const runs = await Promise.all([
    first.run(DATA, { iterations: 3 }),
    second.run(DATA, { iterations: 3 }),
    first.run(DATA, { iterations: 3 }),
  ]);
  assertEquals(runs[0].estimate, runs[1].estimate);
  assertEquals(runs[0].estimate, runs[2].estimate);
  await first.close();
  await second.run(DATA, { iterations: 1 });
  await second.close();
});

webgpuTest("lanes give the same bytes, and one waits to compute while the other does", async () => {
  const lanes = await Promise.all([0, 1].map((lane) => createWebGpuDeconvolver({ box: BOX, psf: PSF, lane })));
  const [first, second] = lanes as [Deconvolver, Deconvolver];
  const data = DATA.map((value, i) => value + i % 7);
  const alone = await first.run(data, { iterations: 3 });
  const both = await Promise.all(lanes.map((lane) => lane.run(data, { iterations: 3 })));
  assertEquals(both.map(({ estimate }) => estimate), [alone.estimate, alone.estimate]);

  const stop = new AbortController();
  const endless = assertRejects(() => first.run(data, { iterations: ENDLESS, signal: stop.signal }), ClearstackError);
  // So that the endless run is the one that computes.
  await new Promise((resolve) => setTimeout(resolve, 300));
  let waiting = true;
  const later = second.run(data, { iterations: 3 }).finally(() => waiting = false);
  const givenUp = new AbortController();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert(waiting, "both lanes computed at the same time");
  stop.abort();
  await endless;
  assertEquals((await later).estimate, alone.estimate);

  const stopAgain = new AbortController();
  const busy = assertRejects(
    () => first.run(data, { iterations: ENDLESS, signal: stopAgain.signal }),
    ClearstackError,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  const impatient = assertRejects(
    () => second.run(data, { iterations: 1, signal: givenUp.signal }),
    ClearstackError,
  );
  givenUp.abort();
  assertEquals((await impatient).kind, "cancelled", "who waits for its turn cannot give up");
  stopAgain.abort();
  await busy;
  for (const lane of lanes) await lane.close();
});

webgpuTest("a Worker that crashes fails its runs as device-lost, and the next run starts another", async () => {
  let spawned = 0;
  const spawnWorker = () => {
    const file = spawned++ === 0 ? "./crashing_worker.ts" : "../../../../kernels/webgpu/worker/worker.ts";
    return new Worker(new URL(file, import.meta.url), { type: "module" });
  };
  const deconvolver = await createWebGpuDeconvolver({ box: BOX, psf: PSF, spawnWorker });
  const error = await assertRejects(() => deconvolver.run(DATA, { iterations: 1 }), ClearstackError);
  assertEquals(error.kind, "device-lost");
  assert(error.retryable);
  const { estimate } = await deconvolver.run(DATA, { iterations: 1 });
  // Flat data under a flat start stay flat.
  assert(estimate.every((value) => Math.abs(value - 3) < 1e-5));
  await deconvolver.close();
  assertEquals(spawned, 2);
});
