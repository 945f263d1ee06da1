/**
 * `deno task chaos`: what survives. One job is run undisturbed, then once for every seed while servers are killed at random
 * moments and the way to the store loses one request in a hundred. Every run must end with the bytes of the undisturbed one and
 * a record of every tile.
 *
 *   --seeds N      (default 20)
 *   --first N      the first seed (default 1)
 *   --instances N  instances of deconvolve (default 2)
 *   --orchestrators N  (default 2)
 *   --kills N      servers killed in each run (default 5)
 *   --away N       instead of all that, one run for each phase of a job, in which the object store is away for N seconds from the
 *                  phase's first request on, and one in which Restate is
 */
import { delay } from "@std/async/delay";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import type { JobRequestInput } from "shared/contract/job_request.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { callJson } from "shared/http/call_json.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { openStore } from "shared/storage/open_store.ts";
import { type Fault, type FaultProxy, faultProxy } from "../../tests/fixtures/servers/fault_proxy.ts";
import { readFlags } from "../read_flags.ts";
import { Cluster } from "./cluster.ts";
import { runJob } from "./run_job.ts";
import { differingKeys, type StoredOutput, storedOutput } from "./stored_output.ts";

/** One request in so many is spoilt. */
const REQUESTS_PER_FAULT = 100;
const FAULTS: readonly Fault[] = ["busy", "reset", "lost", "truncated"];
const TILES = 200;
const SHAPE = [32, 160, 320] as const;
const TILE = [16, 16, 32] as const;
/** The first request of each phase of a job whose output is called `NAME`, as `METHOD path`. */
const PHASES: Readonly<Record<string, (name: string) => RegExp>> = {
  "decide": () => /^GET \S*image\.zarr\S*\/c\//,
  "tiles": (name) => new RegExp(`^PUT \\S*${name}/out\\.zarr/0/c/`),
  "records": (name) => new RegExp(`^PUT \\S*${name}/out\\.zarr/\\.clearstack/tiles/`),
  "seams": (name) => new RegExp(`^GET \\S*${name}/out\\.zarr/0/c/`),
  "commit": (name) => new RegExp(`^PUT \\S*${name}/out\\.zarr/\\.clearstack/provenance`),
  "end": (name) => new RegExp(`^PUT \\S*${name}/out\\.zarr/zarr\\.json`),
  "status": () => /^DELETE \S*state\/live\//,
};
/** Seconds that a killed server is away. */
const [SHORTEST_ABSENCE, LONGEST_ABSENCE] = [0.2, 3];
const LIMIT_SECONDS = 900;

const { seeds, first, instances, orchestrators, kills, away } = readFlags({
  seeds: "20",
  first: "1",
  instances: "2",
  orchestrators: "2",
  kills: "5",
  away: undefined,
});
const folder = await Deno.makeTempDir({ prefix: "clearstack-chaos-" });
let proxy: FaultProxy | undefined;
let faulty: (() => number) | undefined;
/** When the object store goes, and when it went, by `performance.now()`. */
let absent: { readonly from: RegExp; since?: number } | undefined;
let failures = 0;
try {
  await using cluster = await Cluster.start({
    folder,
    instances: Number(instances),
    orchestrators: Number(orchestrators),
    storeProxy: (endpoint) => {
      proxy = faultProxy(endpoint, spoil);
      return proxy.origin;
    },
  });
  await writeSource(cluster);
  const calm = await run(cluster, "calm");
  failures = away === undefined ? await killInTurn(cluster, calm) : await goAway(cluster, calm);
} finally {
  await proxy?.[Symbol.asyncDispose]();
}
if (failures === 0) await Deno.remove(folder, { recursive: true });
console.log(failures === 0 ? "\nevery run ended with the same bytes" : `\n${failures} runs FAILED; logs: ${folder}`);
Deno.exit(failures === 0 ? 0 : 1);

/** A run for each seed; the number of those that failed. */
async function killInTurn(cluster: Cluster, calm: Run): Promise<number> {
  let failures = 0;
  const { concurrency } = await callJson(`${cluster.apiUrl}/v1/plans`, PlanSchema, {
    method: "POST",
    body: requestFor(cluster, "plan"),
  });
  console.log(`${concurrency} tiles in flight on each of ${instances} instances, ${kills} kills in each run`);
  console.log(
    `undisturbed: ${calm.seconds.toFixed(0)} s, ${calm.objects.size} objects, ${calm.records} records of tiles\n`,
  );
  console.log(
    "| seed | killed | s | faults of storage | tiles twice | bytes | records |\n| --- | --- | --- | --- | --- | --- | --- |",
  );
  for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
    failures += await disturbed(cluster, seed, calm) ? 0 : 1;
  }
  return failures;
}

/** A run for each absence; the number of those that failed. */
async function goAway(cluster: Cluster, calm: Run): Promise<number> {
  let failures = 0;
  console.log("| away | s | bytes | records |\n| --- | --- | --- | --- |");
  for (const phase of [...Object.keys(PHASES), "restate"]) {
    const from = PHASES[phase]?.(`away-${phase}`);
    absent = from && { from };
    const restate = phase === "restate" ? restateAway(cluster, calm.seconds / 3) : undefined;
    const outcome = await run(cluster, `away-${phase}`).catch((error: Error) => error);
    await restate;
    const went = from === undefined || absent?.since !== undefined;
    absent = undefined;
    if (outcome instanceof Error || !went) {
      console.log(`| ${phase} | | FAILED: ${outcome instanceof Error ? outcome.message : "it never went"} | |`);
      failures++;
      continue;
    }
    const { verdict, good } = judge(outcome, calm);
    console.log(`| ${phase} | ${outcome.seconds.toFixed(0)} | ${verdict} |`);
    if (!good) failures++;
  }
  return failures;
}

async function restateAway({ servers }: Cluster, afterSeconds: number): Promise<void> {
  await delay(1000 * afterSeconds);
  await servers.get("restate")!.kill();
  await delay(1000 * Number(away));
  await servers.get("restate")!.start();
}

interface Run extends StoredOutput {
  readonly seconds: number;
  /** Times that the record of a finished tile was written again. */
  readonly twice: number;
}

function spoil(method: string, path: string): Fault | undefined {
  if (absent?.from.test(`${method} ${path}`)) absent.since ??= performance.now();
  if (absent?.since !== undefined && performance.now() - absent.since < 1000 * Number(away)) return "reset";
  if (!faulty || faulty() * REQUESTS_PER_FAULT >= 1) return undefined;
  return FAULTS[Math.floor(faulty() * FAULTS.length)];
}

async function writeSource({ bucketUrl, environment }: Cluster): Promise<void> {
  const { uniform: random } = createRandom(1);
  const values = Uint16Array.from({ length: SHAPE[0] * SHAPE[1] * SHAPE[2] }, () => Math.floor(1000 * random()));
  const volume = { name: "noise", shape: SHAPE, voxelMicrometre: [1, 1, 1] as const, values };
  await writeVolume(openStore(`${bucketUrl}/image.zarr`, { environment }), volume);
  const psf = { shape: [3, 5, 5] as const, values: new Float32Array(75).map((_, at) => 1 / (1 + Math.abs(at - 37))) };
  await openStore(bucketUrl, { environment }).put("psf.tif", encodeTiff({ ...psf, spacingMicrometre: [1, 1, 1] }));
}

function requestFor({ bucketUrl }: Cluster, name: string): JobRequestInput {
  return {
    source: { url: `${bucketUrl}/image.zarr` },
    psf: { url: `${bucketUrl}/psf.tif` },
    // An output is called by the last part of its URL.
    output: { url: `${bucketUrl}/${name}/out.zarr` },
    // Its scale is decided by a sample of the source.
    algorithm: { iterations: 20, acceleration: "shb" },
    tiling: { tile: [...TILE], halo: [8, 12, 12] },
    backend: "cpu",
  };
}

/** Runs the job into a folder of its own. */
async function run(cluster: Cluster, name: string): Promise<Run> {
  const request = requestFor(cluster, name);
  const [started, logged] = [performance.now(), proxy!.log.length];
  const status = await runJob(request, { apiUrl: cluster.apiUrl, limitSeconds: LIMIT_SECONDS });
  const seconds = (performance.now() - started) / 1000;
  if (status.state !== "done") throw new Error(`the job is ${status.state}: ${status.error?.message}`);
  const { objects, records } = await storedOutput(openStore(request.output.url, cluster));
  const written = proxy!.log.slice(logged).filter((line) => /^PUT \S*\/\.clearstack\/tiles\/\S*$/.test(line));
  return { seconds, objects, records, twice: written.length - new Set(written).size };
}

/** One run with faults and kills; prints its row, and tells whether it ended as it must. */
async function disturbed(cluster: Cluster, seed: number, calm: Run): Promise<boolean> {
  const { uniform: random } = createRandom(seed);
  faulty = createRandom(seed + 1_000_000).uniform;
  const logged = proxy!.log.length;
  const killing = killServers(cluster, random, calm.seconds);
  let outcome: Run | Error;
  try {
    outcome = await run(cluster, `seed-${seed}`);
  } catch (error) {
    outcome = error instanceof Error ? error : new Error(String(error));
  }
  faulty = undefined;
  const killed = (await killing).join(", ");
  const faults = proxy!.log.slice(logged).filter((line) => / \w+$/.test(line.replace(/^\S+ \S+/, ""))).length;
  if (outcome instanceof Error) {
    console.log(`| ${seed} | ${killed} | | ${faults} | | FAILED: ${outcome.message} | |`);
    return false;
  }
  const { verdict, good } = judge(outcome, calm);
  console.log(`| ${seed} | ${killed} | ${outcome.seconds.toFixed(0)} | ${faults} | ${outcome.twice} | ${verdict} |`);
  return good;
}

/** Whether a run ended as it must: with the bytes of the undisturbed one, and a record of every tile. */
function judge({ objects, records }: Run, calm: Run): { readonly verdict: string; readonly good: boolean } {
  const other = differingKeys(objects, calm.objects);
  const good = other.length === 0 && records === TILES;
  const bytes = other.length === 0 ? "identical" : `DIFFERENT: ${other.slice(0, 5).join(" ")}`;
  return { verdict: `${bytes} | ${records}${records === TILES ? "" : ` of ${TILES}`}`, good };
}

/** Kills servers one after the other, at random moments of the time that an undisturbed run takes, and starts them again. */
async function killServers(cluster: Cluster, random: () => number, seconds: number): Promise<string[]> {
  const started = performance.now();
  const moments = Array.from({ length: Number(kills) }, () => random() * seconds).sort((a, b) => a - b);
  const victims = [...cluster.servers.keys(), "s3"].filter((name) => name !== "api");
  const killed: string[] = [];
  for (const moment of moments) {
    await delay(Math.max(0, 1000 * moment - (performance.now() - started)));
    const victim = victims[Math.floor(random() * victims.length)]!;
    killed.push(victim);
    await absence(cluster, victim, SHORTEST_ABSENCE + random() * (LONGEST_ABSENCE - SHORTEST_ABSENCE));
  }
  return killed;
}

async function absence({ servers, objects }: Cluster, name: string, seconds: number): Promise<void> {
  const server = servers.get(name);
  if (server) await server.kill();
  else await objects.killGateway();
  await delay(1000 * seconds);
  if (server) await server.start();
  else await objects.startGateway();
}
