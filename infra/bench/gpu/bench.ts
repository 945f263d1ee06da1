/**
 * `deno task bench:gpu [--sizes Z,Y,X;...] [--iterations N] [--repeats N] [--python PYTHON] [--no-peers] [--no-cuts] [--job]
 * [--out FILE]`: checks the GPU kernels against the float64 reference, times them against the bandwidth of a copy and against
 * CuPy, and writes a section for infra/bench/RESULTS.md. Runs from the checkout or from the bundle that bundle.ts makes.
 */
import { openDevice } from "kernels/webgpu/device/gpu_device.ts";
import { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { readFlags } from "../../read_flags.ts";
import { checkAgainstReference } from "./check.ts";
import { copyBandwidth } from "./device_clock.ts";
import { type BoxFindings, progressLine, reportSection } from "./report.ts";
import { benchBox } from "./specimen.ts";
import { timeCuts, timeOwn } from "./time_own.ts";
import { timePeers } from "./time_peers.ts";
import { BLOG_JOB, runWholeJob } from "./whole_job.ts";

const flags = readFlags({
  sizes: "256,256,256;320,640,640;512,512,512",
  // Waiting takes up to 10 ms, which the difference of two runs must outweigh.
  iterations: "50",
  repeats: "3",
  python: "python3",
  // MiB of the buffers that are copied, far beyond any cache.
  copy: "1024",
  peers: true,
  cuts: true,
  job: false,
  out: undefined,
  cli: new URL("../../../functions/cli/main.ts", import.meta.url).href,
  "job-shape": BLOG_JOB.shape.join(),
  "job-tile": BLOG_JOB.tile.join(),
  "job-psf": BLOG_JOB.psf.join(),
});

const sides = (text: string) => text.split(",").map(Number) as unknown as Vec3;
const timing = { iterations: Number(flags.iterations), repeats: Number(flags.repeats) };
const say = (line: string) => console.error(line);

const gpu = await openDevice();
const pipelines = new PipelineCache(gpu.device);
say(`adapter: ${gpu.adapter.description}`);
const checks = await checkAgainstReference(gpu, pipelines);
for (const { name, error } of checks) say(`check ${name}: ${error.toExponential(1)} of the peak`);
const bandwidth = await copyBandwidth(gpu, Number(flags.copy) * 2 ** 20, timing.repeats);
say(`copy: ${(bandwidth / 1e9).toFixed(1)} GB/s`);

const boxes: BoxFindings[] = [];
for (const size of flags.sizes.split(";")) {
  const bench = benchBox(sides(size));
  const timings = await timeOwn(gpu, pipelines, bench, timing);
  say(progressLine({ ...bench, timings }));
  const script = new URL("./peers_cupy.py", import.meta.url).pathname;
  const peers = flags.peers
    ? await timePeers({ gpu, pipelines }, bench, { ...timing, python: flags.python, script })
    : "not asked for";
  boxes.push({ ...bench, timings, peers, cuts: flags.cuts ? await timeCuts(gpu, pipelines, bench, timing) : [] });
}

gpu.device.destroy();
const job = flags.job
  ? await runWholeJob({
    shape: sides(flags["job-shape"]),
    tile: sides(flags["job-tile"]),
    psf: sides(flags["job-psf"]),
    iterations: BLOG_JOB.iterations,
    backend: "webgpu",
    cli: flags.cli,
  })
  : undefined;

const section = reportSection({
  adapter: gpu.adapter.description,
  date: new Date().toISOString().slice(0, 10),
  runtime: `Deno ${Deno.version.deno}`,
  checks,
  copyBandwidth: bandwidth,
  boxes,
  job,
});
console.log(section);
if (flags.out) await Deno.writeTextFile(flags.out, section);
if (checks.some(({ error, bound }) => !(error <= bound))) Deno.exitCode = 1;
