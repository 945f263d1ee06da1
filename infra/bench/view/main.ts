/**
 * `deno task bench:view [--shape Z,Y,X] [--iterations N] [--clients N]`: looks at a view over a socket of this machine, as viewers do, and
 * prints beside each goal what came of it: the time of chunks that are there, of first slices over what their tiles take to read,
 * compute and encode, what many clients that go through z have computed, and the memory beside the plan's claim. Takes about a
 * minute on a quiet machine of two cores; times of a busy one say little, processor times and counts say the same. Linux only.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import { readFlags } from "../../read_flags.ts";
import { startView } from "./start_view.ts";

/** Chunks that are there, read one after the other. */
const CACHED_READS = 200;

/** Goals on a quiet machine. */
const GOALS = { cachedMs: 20, overTileMs: 50, ofClaim: 1 };

/** Longest wait for a view to be ready, milliseconds. */
const READY_MS = 60_000;

const options = readFlags({ shape: "192,512,512", iterations: "10", clients: "50", memory: "1200MiB" });
const shape = options.shape.split(",").map(Number) as unknown as Vec3;
const shm = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
const folder = await Deno.makeTempDir({ prefix: "clearstack-view-", ...(shm ? { dir: shm } : {}) });

const started = await startView({ folder, shape, iterations: options.iterations, memory: options.memory });
const { view: { plan, urls } } = started;
const [, rows, columns] = plan.grid;
const perTile = plan.tile.map((side, axis) => side / plan.chunk[axis]!) as unknown as Vec3;
const chunksAlongZ = Math.ceil(shape[0] / plan.chunk[0]);

const say = (what: string, figure: string, goal = "") => console.log(`${what.padEnd(36)}${figure.padEnd(52)}${goal}`);
const ms = (value: number) => `${value.toFixed(1)} ms`;
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const quantile = (values: readonly number[], fraction: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(fraction * (values.length - 1))]!;

/** Milliseconds until an answer has come whole. */
async function timeUrl(url: string): Promise<number> {
  const asked = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} was answered by ${response.status}`);
  return performance.now() - asked;
}

const chunkUrl = (at: Vec3) => `${urls["0.5"]}/0/c/${at.join("/")}`;
const timeChunk = (at: Vec3) => timeUrl(chunkUrl(at));

/** Milliseconds until the kernels are ready, which a new view sees to by itself. */
async function untilReady(): Promise<number> {
  const since = performance.now();
  while (performance.now() - since < READY_MS) {
    if ((await started.tasksEnded("pilots")).done) return performance.now() - since;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the view was not ready after ${READY_MS / 1000} s`);
}

/** Times of first slices over their tiles: of all, then of further tiles along x and y, where nothing is computed ahead. */
async function firstSlices(): Promise<void> {
  const over: number[] = [];
  for (let index = 0; index < rows * columns; index++) {
    const at: Vec3 = [0, Math.floor(index / columns) * perTile[1], index % columns * perTile[2]];
    over.push(await timeChunk(at) - await started.tileMilliseconds(index));
  }
  const [first, ...further] = over as [number, ...number[]];
  const goal = `at most ${GOALS.overTileMs} ms`;
  say("first slice of all, over its tile", ms(first), goal);
  say("further first slices, over theirs", further.map(ms).join(", "), goal);
}

/** Times of chunks that are there, asked for in turn, beside the same bytes from a server that does nothing else. */
async function cachedChunks(what: string, places: readonly Vec3[]): Promise<void> {
  const bytes = await (await fetch(chunkUrl([0, 0, 0]))).arrayBuffer();
  const quiet = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  await using server = Deno.serve(quiet, () => new Response(bytes));
  const [cached, bare]: [number[], number[]] = [[], []];
  const before = started.processorSeconds();
  for (let read = 0; read < CACHED_READS; read++) cached.push(await timeChunk(places[read % places.length]!));
  const busy = 1000 * (started.processorSeconds() - before) / CACHED_READS;
  for (let read = 0; read < CACHED_READS; read++) bare.push(await timeUrl(`http://127.0.0.1:${server.addr.port}/`));
  const [p50, p95] = [quantile(cached, 0.5), quantile(cached, 0.95)];
  say(what, `p50 ${ms(p50)}, p95 ${ms(p95)}, processor ${ms(busy)}`, `p50 under ${GOALS.cachedMs} ms`);
  say("", `${mebibytes(bytes.byteLength)}; a bare server: p50 ${ms(quantile(bare, 0.5))}`);
}

/** Many clients at once, each through all planes of a place of its own. */
async function scrubbing(): Promise<void> {
  const scrub = async (client: number) => {
    const [y, x] = [Math.floor(client / columns) % rows * perTile[1], client % columns * perTile[2]];
    for (let z = 0; z < chunksAlongZ; z++) await timeChunk([z, y, x]);
  };
  const since = performance.now();
  await Promise.all(Array.from({ length: Number(options.clients) }, (_, client) => scrub(client)));
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const { done = 0, cancelled = 0 } = await started.tasksEnded("tiles");
  const figure = `${done} of ${plan.tiles} tiles computed, ${cancelled} given up, ${seconds} s`;
  say(`${options.clients} clients through z`, figure, "each tile once");
  if (done !== plan.tiles) Deno.exitCode = 1;
}

try {
  say("image", `${shape.join(" x ")} uint16, ${options.iterations} iterations on the CPU`);
  say("tiles", `${plan.tiles} of ${plan.tile.join(" x ")}, boxes of ${plan.box.join(" x ")}`);
  say("load of the machine", Deno.loadavg().map((load) => load.toFixed(1)).join(", "), "goals");
  say("ready after it is made", ms(await untilReady()));
  await firstSlices();
  await cachedChunks("chunk that is there, in memory", [[0, 0, 0]]);
  await scrubbing();
  // More than are kept in memory.
  const tiles = Array.from({ length: rows * columns }, (_, index) => index);
  const all = tiles.flatMap((index) =>
    Array.from({ length: chunksAlongZ }, (_, z): Vec3 => [
      z,
      Math.floor(index / columns) * perTile[1],
      index % columns * perTile[2],
    ])
  );
  await cachedChunks("chunk that is there, in a file", all);
} finally {
  const peak = await started.end();
  const part = peak / plan.hostBytes;
  const figure = `${mebibytes(peak)}, ${part.toFixed(2)} of the plan's ${mebibytes(plan.hostBytes)}`;
  say("peak resident set", figure, `at most ${GOALS.ofClaim.toFixed(2)}`);
  if (part > GOALS.ofClaim) Deno.exitCode = 1;
  await Deno.remove(folder, { recursive: true });
}
