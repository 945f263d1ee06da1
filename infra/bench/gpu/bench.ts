/**
 * `deno task bench:gpu [--sizes Z,Y,X;...] [--iterations N] [--repeats N] [--minutes N] [--python PYTHON] [--no-peers] [--no-cuts]
 * [--software] [--out FILE]`: checks the GPU kernels against the float64 reference and at full size against the CPU's, times them
 * against the bandwidth of a copy and against CuPy, and writes a section for infra/bench/RESULTS.md. FILE holds what is known after
 * each step, so that a call that is cut short has not been in vain. `--job` runs the whole job of the 2020 blog instead, which is a
 * call of its own. Runs from the checkout or from the bundle that bundle.ts makes.
 */
import { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { type Gpu, openDevice } from "kernels/webgpu/device/gpu_device.ts";
import { toClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { readFlags } from "../../read_flags.ts";
import { checkAgainstCpu, checkAgainstReference } from "./check.ts";
import { copyBandwidth } from "./device_clock.ts";
import { timeFirstTile } from "./first_tile.ts";
import { type BoxFindings, type Findings, jobSection, progressLine, reportSection } from "./report.ts";
import { benchBox } from "./specimen.ts";
import { timeCuts, timeOwn } from "./time_own.ts";
import { timePeers } from "./time_peers.ts";
import { tuningHashes } from "./tuning_hashes.ts";
import { BLOG_JOB, runWholeJob } from "./whole_job.ts";

const flags = readFlags({
  sizes: "512,512,512;384,768,768;320,640,640;256,256,256",
  // Waiting takes up to 10 ms, which the difference of two runs must outweigh.
  iterations: "50",
  repeats: "3",
  // No box is begun after so many.
  minutes: "8",
  python: "python3",
  // MiB of the buffers that are copied, far beyond any cache.
  copy: "1024",
  peers: true,
  cuts: true,
  software: false,
  job: false,
  out: "gpu_results.md",
  cli: new URL("../../../functions/cli/main.ts", import.meta.url).href,
  "job-shape": BLOG_JOB.shape.join(),
  "job-tile": BLOG_JOB.tile.join(),
  "job-psf": BLOG_JOB.psf.join(),
  "job-iterations": String(BLOG_JOB.iterations),
});

const sides = (text: string) => text.split(",").map(Number) as unknown as Vec3;
const timing = { iterations: Number(flags.iterations), repeats: Number(flags.repeats) };
const say = (line: string) => console.error(line);
const began = performance.now();

const gpu = await openDevice();
if (gpu.adapter.isFallbackAdapter && !flags.software) {
  say(
    `${gpu.adapter.description} is a software adapter: its times tell nothing of a GPU. --software tries the call out on it.`,
  );
  Deno.exit(2);
}
if (flags.job) await benchJob(gpu);
else await benchBoxes(gpu);
Deno.exit();

/** Writes a section so that nobody finds half of one. */
async function keep(section: string): Promise<void> {
  await Deno.writeTextFile(`${flags.out}.new`, section);
  await Deno.rename(`${flags.out}.new`, flags.out);
}

function about({ adapter }: Gpu) {
  const date = new Date().toISOString().slice(0, 10);
  return { adapter: adapter.description, date, runtime: `Deno ${Deno.version.deno}` };
}

async function benchJob(gpu: Gpu): Promise<void> {
  gpu.device.destroy();
  const job = await runWholeJob({
    shape: sides(flags["job-shape"]),
    tile: sides(flags["job-tile"]),
    psf: sides(flags["job-psf"]),
    iterations: Number(flags["job-iterations"]),
    backend: "webgpu",
    cli: flags.cli,
  });
  const section = jobSection(about(gpu), job);
  await keep(section);
  console.log(section);
}

async function benchBoxes(gpu: Gpu): Promise<void> {
  const pipelines = new PipelineCache(gpu.device);
  say(`adapter: ${gpu.adapter.description}`);
  let findings: Findings = {
    ...about(gpu),
    checks: [],
    copyBandwidth: undefined,
    firstTile: undefined,
    boxes: [],
    end: undefined,
  };
  const learn = async (more: Partial<Findings>) => {
    findings = { ...findings, ...more };
    await keep(reportSection(findings));
  };
  const boxes = flags.sizes.split(";").map(sides);
  await learn({ checks: await checkAgainstReference(gpu, pipelines) });
  for (const { name, error } of findings.checks) say(`check ${name}: ${error.toExponential(1)} of the peak`);
  const bandwidth = await copyBandwidth(gpu, Number(flags.copy) * 2 ** 20, timing.repeats);
  await learn({ copyBandwidth: bandwidth, firstTile: await timeFirstTile(boxes[0]!) });
  say(`copy: ${(bandwidth / 1e9).toFixed(1)} GB/s`);
  for (const box of boxes) {
    const found = await benchOne(box, gpu, pipelines);
    await learn({ boxes: [...findings.boxes, found] });
    say("failure" in found ? `${box}: ${found.failure}` : progressLine(found));
  }
  await learn({ end: `${((performance.now() - began) / 60_000).toFixed(1)} minutes` });
  console.log(reportSection(findings));
  const broken = findings.checks.some(({ error, bound }) => !(error <= bound));
  if (broken || findings.boxes.some((box) => "failure" in box || !box.isRight)) Deno.exitCode = 1;
}

/** Everything about one box, or why there is nothing. */
async function benchOne(size: Vec3, gpu: Gpu, pipelines: PipelineCache): Promise<BoxFindings> {
  const bench = benchBox(size);
  if (performance.now() - began > 60_000 * Number(flags.minutes)) {
    return { ...bench, failure: `left out, since ${flags.minutes} minutes were over` };
  }
  try {
    const check = await checkAgainstCpu(gpu, pipelines, size);
    const hashes = await tuningHashes(gpu, pipelines, size);
    const timings = await timeOwn(gpu, pipelines, bench, timing);
    const script = new URL("./peers_cupy.py", import.meta.url).pathname;
    const peers = flags.peers
      ? await timePeers({ gpu, pipelines }, bench, { ...timing, python: flags.python, script })
      : "not asked for";
    const cuts = flags.cuts ? await timeCuts(gpu, pipelines, bench, timing) : [];
    const isRight = check.error <= check.bound && new Set(hashes.map(({ sha256 }) => sha256)).size === 1;
    return { ...bench, check, hashes, timings, peers, cuts, isRight };
  } catch (error) {
    return { ...bench, failure: toClearstackError(error).message };
  }
}
