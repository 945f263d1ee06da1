/**
 * `deno task bench:view [--shape Z,Y,X] [--iterations N] [--clients N]`: starts `clearstack view` on an image in memory and looks at it
 * over a socket of this machine, as viewers do. Prints the time of a first slice over what its tile takes to read, compute and
 * encode, the time of chunks that are there, what many clients that go through z have computed, and the memory that it took beside
 * the plan's claim. Linux only (reads /proc).
 */
import { TextLineStream } from "@std/streams/text-line-stream";
import type { TileReport } from "shared/contract/tile.ts";
import type { View } from "shared/contract/views/view.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { readFlags } from "../../read_flags.ts";
import { residentPeak } from "../memory/resident_peak.ts";
import { writeRepeatedVolume } from "../memory/repeated_volume.ts";
import { taskEnvironment } from "../task_environment.ts";

/** Chunks that are there, read one after the other. */
const CACHED_READS = 200;

/** Of the kernel's counts; the same on every Linux. */
const TICKS_PER_SECOND = 100;

const options = readFlags({ shape: "192,512,512", iterations: "10", clients: "50", memory: "1200MiB" });
const shape = options.shape.split(",").map(Number) as unknown as Vec3;
const shm = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
const folder = await Deno.makeTempDir({ prefix: "clearstack-view-", ...(shm ? { dir: shm } : {}) });

/** A running view. */
interface Viewed {
  readonly view: View;
  readonly process: Deno.ChildProcess;
  readonly peakBytes: Promise<number>;
}

async function startView(): Promise<Viewed> {
  const [image, psf] = [`${folder}/image.zarr`, `${folder}/psf.zarr`];
  await writeRepeatedVolume(openStore(image, { environment: NO_ENVIRONMENT }), shape);
  await writeRepeatedVolume(openStore(psf, { environment: NO_ENVIRONMENT }), [17, 17, 17], [17, 17, 17]);
  const entry = new URL("../../../functions/cli/main.ts", import.meta.url).pathname;
  const settings = ["--iterations", options.iterations, "--memory", options.memory, "--halo", "8,8,8"];
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", entry, "view", image, "--psf", psf, ...settings],
      ...["--backend", "cpu", "--cache", `${folder}/cache`, "--json", "--quiet"],
    ],
    env: taskEnvironment(),
    stdout: "piped",
  }).spawn();
  const toLines: TransformStream<string, string> = new TextLineStream();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(toLines).getReader();
  const { value } = await lines.read();
  if (value === undefined) throw new Error("no view was made");
  return { view: JSON.parse(value), process, peakBytes: residentPeak(process.pid, process.status) };
}

const chunkUrl = (view: View, at: Vec3) => `${view.urls["0.5"]}/0/c/${at.join("/")}`;

/** Milliseconds until an answer has come whole. */
async function timeUrl(url: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} was answered by ${response.status}`);
  return performance.now() - started;
}

const timeChunk = (view: View, at: Vec3) => timeUrl(chunkUrl(view, at));

/** Milliseconds of a chunk that is there, and of the same bytes from a server that does nothing else, by turns. */
async function timeCached(view: View): Promise<{ readonly cached: number[]; readonly bare: number[] }> {
  const bytes = await (await fetch(chunkUrl(view, [0, 0, 0]))).arrayBuffer();
  const quiet = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  await using server = Deno.serve(quiet, () => new Response(bytes));
  const [cached, bare]: number[][] = [[], []];
  for (let read = 0; read < CACHED_READS; read++) {
    cached!.push(await timeChunk(view, [0, 0, 0]));
    bare!.push(await timeUrl(`http://127.0.0.1:${server.addr.port}/`));
  }
  return { cached: cached!, bare: bare! };
}

/** What the record of a tile says that it took to read, compute and encode, milliseconds. */
async function tileMilliseconds(index: number): Promise<number> {
  const store = openStore(`${folder}/cache`, { environment: NO_ENVIRONMENT });
  for await (const key of store.list("outputs/")) {
    if (!key.endsWith(`/${String(index).padStart(8, "0")}.json`)) continue;
    const { readSeconds, kernelSeconds, writeSeconds }: TileReport = JSON.parse(
      new TextDecoder().decode(await store.get(key)),
    );
    return 1000 * (readSeconds + kernelSeconds + writeSeconds);
  }
  throw new Error(`tile ${index} has no record`);
}

/** Tiles computed by the service so far, by how they ended. */
async function tilesEnded(view: View): Promise<Record<string, number>> {
  const text = await (await fetch(new URL("/metrics", view.urls["0.5"]))).text();
  const ended = [...text.matchAll(/^clearstack_tasks\w*\{([^}]*kind="tiles"[^}]*)\} (\d+)$/gm)];
  return Object.fromEntries(ended.flatMap(([, labels, count]) => {
    const outcome = /outcome="(\w+)"/.exec(labels!)?.[1];
    return outcome === undefined ? [] : [[outcome, Number(count)]];
  }));
}

/** Seconds for which all threads of a process have been busy. */
function processorSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const quantile = (values: readonly number[], fraction: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(fraction * (values.length - 1))]!;
const say = (what: string, value: string) => console.log(`${what.padEnd(32)}${value}`);

const { view, process, peakBytes } = await startView();
try {
  const { plan } = view;
  const [, rows, columns] = plan.grid;
  const perTile = plan.tile.map((side, axis) => side / plan.chunk[axis]!) as unknown as Vec3;
  say("image", `${shape.join(" x ")} uint16, ${options.iterations} iterations on the CPU`);
  say("tiles", `${plan.tiles} of ${plan.tile.join(" x ")}, boxes of ${plan.box.join(" x ")}`);
  const first = await timeChunk(view, [0, 0, 0]);
  say("first slice of all", `${first.toFixed(0)} ms, ${(first - await tileMilliseconds(0)).toFixed(0)} over its tile`);
  const over: number[] = [];
  // Along x and y, where nothing is computed ahead.
  for (let index = 1; index < rows * columns; index++) {
    const at: Vec3 = [0, Math.floor(index / columns) * perTile[1], index % columns * perTile[2]];
    over.push(await timeChunk(view, at) - await tileMilliseconds(index));
  }
  say("further first slices", `${over.map((ms) => ms.toFixed(0)).join(", ")} ms over their tiles`);
  const before = processorSeconds(process.pid);
  const { cached, bare } = await timeCached(view);
  const busy = 1000 * (processorSeconds(process.pid) - before) / CACHED_READS;
  const [p50, p95] = [0.5, 0.95].map((fraction) => quantile(cached, fraction).toFixed(1));
  say("chunk that is there", `p50 ${p50} ms, p95 ${p95} ms, processor ${busy.toFixed(1)} ms`);
  say("the same from a bare server", `p50 ${quantile(bare, 0.5).toFixed(1)} ms`);
  const scrub = async (client: number) => {
    const [y, x] = [Math.floor(client / columns) % rows * perTile[1], client % columns * perTile[2]];
    for (let z = 0; z < Math.ceil(shape[0] / plan.chunk[0]); z++) await timeChunk(view, [z, y, x]);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: Number(options.clients) }, (_, client) => scrub(client)));
  const seconds = (performance.now() - started) / 1000;
  const { done = 0, cancelled = 0 } = await tilesEnded(view);
  say(
    `${options.clients} clients through z`,
    `${seconds.toFixed(1)} s, ${done} of ${plan.tiles} tiles done, ${cancelled} given up`,
  );
  if (done !== plan.tiles) Deno.exitCode = 1;
} finally {
  process.kill("SIGINT");
  const peak = await peakBytes;
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  say(
    "peak resident set",
    `${mebibytes(peak)}, ${(peak / view.plan.hostBytes).toFixed(2)} of the plan's claim of ${
      mebibytes(view.plan.hostBytes)
    }`,
  );
  await Deno.remove(folder, { recursive: true });
}
