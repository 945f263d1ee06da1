/**
 * `deno task bench:memory [--store disk|s3] [--shape Z,Y,X] [--budget MiB] [--times N] [--iterations N] [--shards SHARDS]`:
 * deconvolves a volume of that shape, or one `times` larger than the memory budget, in a process of its own, and prints the
 * largest resident set of that process and those that it starts beside the budget and the plan's claim. The images are in a
 * folder, or in the bucket of a Ceph that is started for it and keeps them in memory. Linux only (reads /proc).
 */
import type { Plan } from "shared/contract/plan.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { readFlags } from "../../read_flags.ts";
import { diskStore, s3Store } from "./bench_store.ts";
import { openStore } from "shared/storage/open_store.ts";
import { repeatedShape, writeRepeatedVolume } from "./repeated_volume.ts";
import { taskEnvironment } from "../task_environment.ts";
import { residentPeak } from "./resident_peak.ts";

const MIB = 2 ** 20;

const options = readFlags({
  store: "disk",
  shape: undefined,
  budget: "400",
  times: "10",
  iterations: "1",
  backend: "cpu",
  shards: undefined,
});
const budgetBytes = Number(options.budget) * MIB;
const shape = options.shape?.split(",").map(Number) as Vec3 | undefined ??
  repeatedShape(Number(options.times) * budgetBytes);

// Of 2 bytes a voxel read and 4 written, and coarser levels of at most as much again in all.
await using store = options.store === "s3" ? await s3Store(12 * voxelCount(shape) + 2 ** 30) : await diskStore();
const [source, psf] = [`${store.url}/source.zarr`, `${store.url}/psf.zarr`];
const world = { environment: { env: (name: string) => store.environment[name] } };
await writeRepeatedVolume(openStore(source, world), shape);
await writeRepeatedVolume(openStore(psf, world), [17, 17, 17], [17, 17, 17]);

const job = [source, `${store.url}/out.zarr`, "--psf", psf, "--memory", `${options.budget}MiB`];
const settings = ["--iterations", options.iterations, "--backend", options.backend, "--json"];
if (options.shards !== undefined) settings.push("--shards", options.shards);
const plan: Plan = JSON.parse((await clearstack("plan")).stdout);
const { peakBytes, seconds } = await clearstack("deconvolve");

const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
console.log(`store              ${options.store}`);
console.log(`volume             ${shape.join(" x ")} uint16, ${mebibytes(2 * plan.voxels)}`);
console.log(`tiles              ${plan.tiles} with boxes of ${plan.box.join(" x ")}, ${plan.concurrency} in flight`);
console.log(`budget             ${mebibytes(budgetBytes)}`);
console.log(`plan's claim       ${mebibytes(plan.hostBytes)}`);
console.log(`peak resident set  ${mebibytes(peakBytes)}, ${(peakBytes / plan.hostBytes).toFixed(2)} of the claim`);
console.log(`time               ${seconds.toFixed(1)} s, ${options.iterations} iterations`);
if (peakBytes > plan.hostBytes) Deno.exitCode = 1;

/** Runs one command of the command line to its end. */
async function clearstack(command: string) {
  const entry = new URL("../../../functions/cli/main.ts", import.meta.url).pathname;
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", entry, command, ...job, ...settings],
    // As the tasks of deno.json have it.
    env: { ...store.environment, ...taskEnvironment() },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const peakBytes = await residentPeak(child.pid, output);
  const { code, stdout, stderr } = await output;
  if (code !== 0) throw new Error(`clearstack ${command} exited with ${code}: ${new TextDecoder().decode(stderr)}`);
  return { stdout: new TextDecoder().decode(stdout), peakBytes, seconds: (performance.now() - started) / 1000 };
}
