/**
 * `deno task cluster`: starts the whole service on this machine, runs the demo's job through it, and stops everything again.
 *
 *   --instances N  instances of the deconvolve function (default 2)
 *   --keep         goes on until it is interrupted, for jobs of your own
 *   --folder PATH  for logs and what the servers keep (default: a new one, removed at the end unless something failed)
 */
import { makeSample } from "functions/cli/demo/sample/make_sample.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { printable } from "shared/telemetry/printable.ts";
import { openStore } from "shared/storage/open_store.ts";
import { readFlags } from "../read_flags.ts";
import { Cluster } from "./cluster.ts";
import { runJob } from "./run_job.ts";

const { instances, keep, folder } = readFlags({ instances: "2", keep: false, folder: undefined });
if (!/^[1-9]\d?$/.test(instances)) {
  console.error(`--instances is "${instances}"; give a whole number from 1 to 99`);
  Deno.exit(2);
}

const home = folder ?? await Deno.makeTempDir({ prefix: "clearstack-cluster-" });
await Deno.mkdir(home, { recursive: true });
const interrupted = Promise.withResolvers<never>();
interrupted.promise.catch(() => {});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interrupted.reject(new Error("interrupted")));
}
let status = 0;
let failed = false;
const starting = Cluster.start({
  folder: home,
  instances: Number(instances),
  tell: (line) => console.error(`starting ${line} ...`),
  onTrouble: (line) => console.error(printable(line)),
});
try {
  const cluster = await Promise.race([starting, interrupted.promise]);
  for (const [name, url] of cluster.urls) console.log(`${name.padEnd(16)} ${url}`);
  console.log(`${"logs".padEnd(16)} ${home}`);
  await Promise.race([runDemo(cluster), interrupted.promise]);
  if (keep) {
    console.log("\nIt goes on until you press Ctrl-C. To reach the store:");
    for (const [name, value] of Object.entries(cluster.objects.environment)) console.log(`  export ${name}=${value}`);
    await interrupted.promise;
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  failed = message !== "interrupted";
  if (!keep || failed) {
    console.error(message);
    status = 1;
  }
} finally {
  console.error("stopping ...");
  await (await starting.catch(() => undefined))?.[Symbol.asyncDispose]();
  if (failed) console.error(`the logs are in ${home}`);
  else if (folder === undefined) await Deno.remove(home, { recursive: true });
}
Deno.exit(status);

/** The demo's sample into the bucket, the demo's job through the functions. */
async function runDemo({ bucketUrl, apiUrl, environment }: Cluster): Promise<void> {
  const { shape, voxelMicrometre, observed: values, psf } = makeSample();
  const store = openStore(`${bucketUrl}/demo`, { environment });
  await writeVolume(openStore(`${bucketUrl}/demo/sample.zarr`, { environment }), {
    name: "sample",
    shape,
    voxelMicrometre,
    values,
  });
  await store.put("psf.tif", encodeTiff({ ...psf, spacingMicrometre: voxelMicrometre }));
  const ended = await runJob({
    source: { url: `${bucketUrl}/demo/sample.zarr` },
    psf: { url: `${bucketUrl}/demo/psf.tif` },
    output: { url: `${bucketUrl}/demo/deconvolved.zarr` },
    algorithm: { iterations: 30 },
    tiling: { tile: [96, 64, 128] },
  }, { apiUrl, tell: tellChanges() });
  report(ended);
}

function tellChanges(): (status: JobStatus) => void {
  let told = "";
  return ({ state, tilesDone, tiles }) => {
    const line = `job: ${state}, ${tilesDone} of ${tiles} tiles`;
    if (line !== told) console.error(line);
    told = line;
  };
}

function report({ result, error }: JobStatus): void {
  if (!result) throw new Error(`the demo's job failed: ${error?.message ?? "it was cancelled"}`);
  const { output, tiles, seconds, backend, adapter } = result;
  console.log(`\n${output}: ${tiles} tiles in ${seconds.toFixed(1)} s on ${backend} (${adapter})`);
}
