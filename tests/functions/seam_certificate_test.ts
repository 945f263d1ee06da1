import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeSample } from "functions/cli/demo/sample/make_sample.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { beginJob, runJob } from "functions/orchestrate/run/run_job.ts";
import { seamTasks } from "functions/orchestrate/run/seam_tasks.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { ClearstackError } from "shared/errors.ts";
import { runCli } from "./cli/run_cli.ts";
import { identityJobs, sampleRequest } from "./identity_jobs.ts";
import { identityKernels } from "./identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";
import { openStore } from "../stores.ts";

const json = async (url: string, key: string) => JSON.parse(new TextDecoder().decode(await openStore(url).get(key)));

Deno.test("places lie in the middle of a box of the plan's size, and what is compared lies inside the image", async () => {
  const { request } = await sampleRequest();
  const { plan } = await beginJob(request, identityJobs());
  const tasks = [...seamTasks({ plan, request: { ...request, seamCheck: 64 }, backend: "cpu" })];
  // 2 x 3 x 3 tiles of 10 x 16 x 16 voxels meet at 1 x 2 x 2 corners.
  assertEquals(tasks.map(({ tile }) => tile.core.start), [[7, 12, 12], [7, 12, 28], [7, 28, 12], [7, 28, 28]]);
  assertEquals(tasks.map(({ tile }) => tile.core.shape), [[6, 8, 8], [6, 8, 8], [6, 8, 8], [6, 8, 8]]);
  for (const { tile: { box, core } } of tasks) {
    assertEquals(box.shape, plan.box);
    const seam = core.start.map((start, axis) => start + core.shape[axis]! / 2);
    assertEquals(box.start, seam.map((at, axis) => at - Math.floor(plan.box[axis]! / 2)));
  }
});

Deno.test("the same job compares the same places, and other jobs others", async () => {
  const { request } = await sampleRequest();
  const { plan } = await beginJob({ ...request, tiling: { tile: [4, 8, 8], halo: [1, 1, 1] } }, identityJobs());
  const starts = (planHash: string) =>
    [...seamTasks({ plan: { ...plan, planHash }, request, backend: "cpu" })].map(({ tile }) => tile.core);
  assertEquals(starts(plan.planHash).length, 4);
  assertEquals(starts(plan.planHash), starts(plan.planHash));
  assert(JSON.stringify(starts(plan.planHash)) !== JSON.stringify(starts("0123456789abcdef")));
});

Deno.test("the certificate is in the result, in the record of completion and in the provenance", async () => {
  const { request } = await sampleRequest();
  const { seam } = await runJob(request, identityJobs());
  assertEquals(seam, { largest: 0, places: 2 });
  const { url } = request.output;
  assertEquals((await json(url, ".clearstack/done.json")).result.seam, seam);
  assertEquals((await json(url, "zarr.json")).attributes.clearstack.seam, seam);
});

Deno.test("nothing is compared where there is one tile, or none is asked for", async () => {
  const { request } = await sampleRequest();
  const off = identityJobs();
  assertEquals((await runJob({ ...request, seamCheck: 0 }, off)).seam, undefined);
  assertEquals(off.kernels.runs.length, 18);
  const { request: other } = await sampleRequest();
  assertEquals((await runJob({ ...other, tiling: { tile: "auto", halo: "auto" } }, identityJobs())).seam, undefined);
});

Deno.test("a job that was interrupted gets its certificate when it is finished, and keeps it", async () => {
  const { request } = await sampleRequest();
  const failing = identityKernels((run) => {
    if (run > 7) throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  await runJob(request, identityJobs(failing)).catch(() => {});
  const jobs = identityJobs();
  const { seam, tilesComputed } = await runJob(request, jobs);
  assertEquals([seam, jobs.kernels.runs.length], [{ largest: 0, places: 2 }, tilesComputed + 2]);
  const again = identityJobs();
  const resumed: JobRequest = { ...request, output: { ...request.output, ifExists: "resume" } };
  assertEquals([(await runJob(resumed, again)).seam, again.kernels.runs.length], [seam, 0]);
});

Deno.test("a difference between the output and the box around a place is measured, and beyond the bound ends the job", async () => {
  const { request } = await sampleRequest();
  const jobs = identityJobs();
  const damaged: typeof jobs = {
    ...jobs,
    engine: {
      fanOut: async (kind, tasks, options) => {
        const output = openStore(request.output.url);
        if (kind === "seams") { for await (const key of output.list("0/c/0/")) await output.delete(key); }
        await jobs.engine.fanOut(kind, tasks, options);
      },
    },
  };
  // The upper half of the output is gone and reads as 0, so the largest value there is the difference; values go up to 4000
  // everywhere, so a few hundred of them come within 10 % of it.
  const error = await assertRejects(() => runJob(request, damaged), ClearstackError, "--seam-check 0");
  assertEquals([error.kind, error.exitStatus], ["failed-check", 1]);
  assert(Number(error.value) > 0.9 && Number(error.value) < 1.1, error.message);
});

Deno.test("real kernels agree across seams with a halo that is wide enough, and not without one", async () => {
  const { shape, voxelMicrometre, observed, psf } = makeSample({ shape: [32, 96, 64] });
  const image = { name: "sample", shape, voxelMicrometre, values: observed };
  await writeVolume(openStore("memory:seam-sample"), image);
  await writeZarr("memory:seam-psf", { shape: psf.shape, chunk: psf.shape, values: psf.values });
  const certify = async (halo: string) => {
    const job = [
      "deconvolve",
      "memory:seam-sample",
      `memory:seam-${halo}`,
      "--psf",
      "memory:seam-psf",
      "--backend",
      "cpu",
      "--boundary",
      "symmetric",
    ];
    const { out } = await runCli([...job, "--tile", "32,48,64", "--halo", halo, "--json", "--quiet"]);
    return JobResultSchema.parse(JSON.parse(out)).seam!.largest;
  };
  // Five times the radius of 6 voxels along y that holds 99.9 % of the light, after 20 plain iterations.
  const wide = await certify("0,30,0");
  assert(wide <= 1e-3, `${100 * wide} %`);
  const none = await certify("0,0,0");
  assert(none > 0.1, `${100 * none} %`);
});

Deno.test("the traces that accelerated iterations leave in the dark are no seam, though no two boxes leave the same", async () => {
  // All light lies in the middle of the first tile, so that what is compared around every seam is dark.
  const shape = [6, 32, 96];
  const values = patternedVoxels(shape).map((value, index) => index % 96 >= 10 && index % 96 < 22 ? value : 0);
  await writeZarr("memory:dark-image", { shape, chunk: [6, 32, 32], values });
  await writePsf("memory:dark-psf");
  const job = ["deconvolve", "memory:dark-image", "memory:dark-output", "--psf", "memory:dark-psf", "--backend", "cpu"];
  const settings = ["--tile", "6,32,32", "--seam-check", "2", "--iterations", "3", "--keep-empty", "--json", "--quiet"];
  const { status, out, err } = await runCli([...job, ...settings]);
  assertEquals(status, 0, err);
  const { largest, places } = JobResultSchema.parse(JSON.parse(out)).seam!;
  assertEquals(places, 2);
  assert(largest < 1e-3, `${largest}`);
});
