/**
 * `deno task bench:engine`: how many tiles an engine drives per second, and what memory that takes. Tiles that do nothing are
 * fanned out over HTTP to instances of their own; this process stands for `orchestrate`. Prints a table for
 * infra/bench/RESULTS.md.
 *
 *   --tiles N      (default 100000)
 *   --instances N  (default 2)
 *   --engine NAME  restate or local (default restate)
 */
import { createRestateEndpoint, registerEndpoint } from "functions/orchestrate/engine/restate_endpoint.ts";
import type { TileTask } from "shared/contract/tile.ts";
import type { Engine } from "shared/engine/engine.ts";
import { httpTiles } from "shared/engine/http_functions.ts";
import { createSpreadEngine } from "shared/engine/local.ts";
import { createRestateEngine } from "shared/engine/restate/restate_engine.ts";
import { ShardStore } from "shared/engine/restate/restate_shards.ts";
import { TILE_RETRIES } from "shared/engine/retry.ts";
import { Workers, type WorkersByKind } from "shared/engine/workers.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { sampleTask } from "../../tests/shared/engine/sample_tasks.ts";
import { readFlags } from "../read_flags.ts";
import { makeIdentityKey } from "./identity_key.ts";
import { type RestateServer, restateServer } from "./restate_server.ts";

/** Tiles in flight on each instance. */
const CONCURRENCY = 32;

const { tiles, instances, engine: wanted } = readFlags({ tiles: "100000", instances: "2", engine: "restate" });
const [tileCount, instanceCount] = [Number(tiles), Number(instances)];
const folder = await Deno.makeTempDir({ prefix: "clearstack-bench-" });
const children: Deno.ChildProcess[] = [];
let restate: RestateServer | undefined;
try {
  const urls = await Promise.all(Array.from({ length: instanceCount }, startInstance));
  const deconvolve = new Workers(urls.map((url) => httpTiles(url)));
  const nowhere = new Workers([{ levels: () => Promise.reject(new Error("only tiles here")) }]);
  const workers: WorkersByKind = { tiles: deconvolve, seams: deconvolve, pilots: deconvolve, levels: nowhere };
  const engine = wanted === "local" ? createSpreadEngine(workers) : await restateEngine(workers);
  await measure(engine);
} finally {
  await restate?.process.kill();
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ status }) => status));
  await Deno.remove(folder, { recursive: true });
}
Deno.exit();

async function startInstance(): Promise<string> {
  const entry = new URL("./noop_instance.ts", import.meta.url).href;
  const args = ["run", "--quiet", "--allow-net", "--no-check", entry];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
  children.push(child);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  return `http://127.0.0.1:${value?.trim()}`;
}

async function restateEngine(workers: WorkersByKind): Promise<Engine> {
  const identity = await makeIdentityKey(folder);
  restate = await restateServer({ folder, identity });
  await restate.process.start();
  const store = openStore("memory:bench", { environment: NO_ENVIRONMENT });
  const deps = {
    shards: new ShardStore(store),
    workers,
    retries: TILE_RETRIES,
    identityKeys: [identity.publicKey],
    driver: new Promise<never>(() => {}),
  };
  const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, createRestateEndpoint(deps));
  await registerEndpoint({ adminUrl: restate.adminUrl, endpointUrl: `http://127.0.0.1:${addr.port}` });
  const count = { tiles: instanceCount, seams: instanceCount, pilots: instanceCount, levels: 1 };
  return createRestateEngine({ ingressUrl: restate.ingressUrl, store, instances: count });
}

async function measure(engine: Engine): Promise<void> {
  let done = 0;
  const marks: string[] = [];
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let most = [0, 0];
  const watch = setInterval(() => most = memory().map((now, which) => Math.max(now, most[which]!)), 500);
  await engine.fanOut("tiles", tasks(), {
    concurrency: CONCURRENCY,
    onReport: () => {
      if (++done % Math.ceil(tileCount / 5) !== 0) return;
      const [own, server] = memory();
      const rate = Math.round(done / seconds());
      marks.push(`| ${done} | ${seconds().toFixed(0)} | ${rate} | ${own} | ${server} |`);
      console.error(marks.at(-1));
    },
  });
  clearInterval(watch);
  if (done !== tileCount) throw new Error(`${done} of ${tileCount} tiles were reported`);
  const rate = Math.round(done / seconds());
  const [own, server, others] = [[Deno.pid], [restate?.process.pid], children.map(({ pid }) => pid)].map((pids) =>
    (1000 * cpuSeconds(pids) / done).toFixed(2)
  );
  console.log(`engine ${wanted}: ${done} tiles in ${seconds().toFixed(1)} s, ${rate} per second`);
  console.log(`largest resident sets: orchestrator ${most[0]} MiB, Restate ${most[1]} MiB`);
  console.log(`processor time per tile: orchestrator ${own} ms, Restate ${server} ms, instances ${others} ms\n`);
  console.log("| tiles | s | tiles/s | orchestrator, MiB | Restate, MiB |\n| --- | --- | --- | --- | --- |");
  console.log(marks.join("\n"));
}

/** Resident sets of this process and of the server, MiB. */
function memory(): [number, number] {
  return [residentMebibytes(Deno.pid), residentMebibytes(restate?.process.pid)];
}

function residentMebibytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const kibibytes = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

/** Processor time that processes have used, seconds; a clock tick of Linux is a hundredth. */
function cpuSeconds(pids: readonly (number | undefined)[]): number {
  return pids.reduce<number>((sum, pid) => {
    if (pid === undefined) return sum;
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

function* tasks(): Generator<TileTask> {
  for (let index = 0; index < tileCount; index++) yield sampleTask(index);
}
