/**
 * `deno task bench:memory [--budget MiB] [--times N] [--iterations N]`: deconvolves a volume `times` larger than the memory
 * budget in a process of its own, and prints the largest resident set that the kernel saw beside the budget and the plan's
 * claim. Linux only (reads /proc).
 */
import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import type { Plan } from "shared/contract/plan.ts";
import { repeatedShape, writeRepeatedVolume } from "./repeated_volume.ts";

const MIB = 2 ** 20;

const options = parseArgs(Deno.args, {
  string: ["budget", "times", "iterations", "backend"],
  default: { budget: "400", times: "10", iterations: "1", backend: "cpu" },
});
const budgetBytes = Number(options.budget) * MIB;

const folder = await Deno.makeTempDir({ prefix: "clearstack-memory-" });
try {
  const source = join(folder, "source.zarr");
  const psf = join(folder, "psf.zarr");
  const shape = repeatedShape(Number(options.times) * budgetBytes);
  await writeRepeatedVolume(source, shape);
  await writeRepeatedVolume(psf, [17, 17, 17], [17, 17, 17]);

  const job = [source, join(folder, "out.zarr"), "--psf", psf, "--memory", `${options.budget}MiB`];
  const settings = ["--iterations", options.iterations, "--backend", options.backend, "--json"];
  const plan: Plan = JSON.parse((await clearstack("plan", job, settings)).stdout);
  const { peakBytes, seconds } = await clearstack("deconvolve", job, settings);

  const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  console.log(`volume             ${shape.join(" x ")} uint16, ${mebibytes(2 * plan.voxels)}`);
  console.log(`tiles              ${plan.tiles} with boxes of ${plan.box.join(" x ")}, ${plan.concurrency} in flight`);
  console.log(`budget             ${mebibytes(budgetBytes)}`);
  console.log(`plan's claim       ${mebibytes(plan.hostBytes)}`);
  console.log(`peak resident set  ${mebibytes(peakBytes)}, ${(peakBytes / budgetBytes).toFixed(2)} of the budget`);
  console.log(`time               ${seconds.toFixed(1)} s, ${options.iterations} iterations`);
  if (peakBytes > budgetBytes) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** Runs one command of the command line to its end and samples the high-water mark of its resident set. */
async function clearstack(command: string, job: string[], settings: string[]) {
  const entry = new URL("../../../functions/cli/main.ts", import.meta.url).pathname;
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", entry, command, ...job, ...settings],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let peakBytes = 0;
  const sampling = setInterval(() => peakBytes = Math.max(peakBytes, residentPeak(child.pid)), 100);
  const { code, stdout, stderr } = await child.output();
  clearInterval(sampling);
  if (code !== 0) throw new Error(`clearstack ${command} exited with ${code}: ${new TextDecoder().decode(stderr)}`);
  return { stdout: new TextDecoder().decode(stdout), peakBytes, seconds: (performance.now() - started) / 1000 };
}

/** `VmHWM` of a process in bytes; 0 once it is gone. */
function residentPeak(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
