/**
 * `deno task bench:jobs [--jobs 1000] [--every 100] [--growth 3]`: runs small jobs in a row through the endpoint and prints the
 * memory that the service keeps. Exits 1 if its heap grew by more than `growth` KiB for each job, once a third of them was done.
 */
import { readFlags } from "../../read_flags.ts";
import { manyJobs, type MemorySample } from "./many_jobs.ts";

const options = readFlags({ jobs: "1000", every: "100", growth: "3" });
const [jobs, every, growth] = [options.jobs, options.every, options.growth].map(Number) as [number, number, number];
const folder = await Deno.makeTempDir({ prefix: "clearstack-jobs-" });
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`.padStart(11);

/** Bytes for each job, by least squares: garbage that is not collected yet comes and goes. */
function slope(samples: readonly MemorySample[], of: (sample: MemorySample) => number): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map((sample) => sample.jobs)), mean(samples.map(of))];
  const covariance = mean(samples.map((sample) => (sample.jobs - x) * (of(sample) - y)));
  return covariance / mean(samples.map((sample) => (sample.jobs - x) ** 2));
}

try {
  const samples: MemorySample[] = [];
  console.log("  jobs       heap    resident  ms a job");
  for await (const sample of manyJobs({ folder, jobs, every })) {
    samples.push(sample);
    const { heapBytes, residentBytes, millisecondsPerJob } = sample;
    console.log(
      `${String(sample.jobs).padStart(6)}${mebibytes(heapBytes)} ${mebibytes(residentBytes)} ` +
        `${millisecondsPerJob.toFixed(1)}`,
    );
  }
  const steady = samples.filter((sample) => sample.jobs >= jobs / 3);
  const heapGrowth = slope(steady, ({ heapBytes }) => heapBytes) / 1024;
  console.log(`heap grew by ${heapGrowth.toFixed(2)} KiB for each job; at most ${growth} are allowed`);
  if (!(heapGrowth <= growth)) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
