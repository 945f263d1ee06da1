/**
 * What a job costs a processor beside the kernels: `deno task bench:host [--shape 128,512,512] [--tile 32,512,512] [--halo 4]
 * [--chunk 8,256,256] [--rounds 3]`. A whole job from Zarr to Zarr (uint16 to float32, Blosc with Zstandard, coarser levels, records of tiles) with
 * kernels that only copy, on one core and on two, beside the codec alone and beside zarr-python 2 where it is installed. Prints
 * nanoseconds for each voxel of the output, and one line of JSON. Needs taskset; Linux only.
 */
import { fromFileUrl } from "@std/path";
import { readFlags } from "../../read_flags.ts";
import { taskEnvironment } from "../task_environment.ts";
import type { OwnFigures } from "./own.ts";
import type { Busy } from "./parts.ts";

const here = (name: string) => fromFileUrl(new URL(name, import.meta.url));

/** Debian's package python3-zarr is version 2. */
const PYTHON = "/usr/bin/python3";

/** Cores that a run is held to, by their number. */
const CORES = { 1: "0", 2: "0,1" } as const;

interface PeerFigures {
  readonly plain: { readonly processor: number; readonly wall: number };
  readonly pyramid: { readonly processor: number; readonly wall: number };
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], env: taskEnvironment() })
    .output();
  if (!success) throw new Error(`${command} ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Each number the median of the same number of several figures. */
function medians<Figures extends object>(rounds: readonly Figures[]): Figures {
  const entries = Object.entries(rounds[0]!).map(([name, first]) => {
    const values = rounds.map((round) => (round as Record<string, unknown>)[name]);
    if (typeof first === "object" && first !== null) return [name, medians(values as object[])];
    return [name, (values as number[]).toSorted((a, b) => a - b)[values.length >> 1]];
  });
  return Object.fromEntries(entries);
}

const flags = readFlags({ shape: "128,512,512", tile: "32,512,512", halo: "4", chunk: "8,256,256", rounds: "3" });
const [shape, tile, chunk] = [flags.shape, flags.tile, flags.chunk].map((triple) => triple.split(",").map(Number)) as [
  number[],
  number[],
  number[],
];
const voxels = shape.reduce((product, side) => product * side, 1);
// In memory where there is such a place, so that no disk is measured.
const shm = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
const folder = await Deno.makeTempDir({ prefix: "clearstack-host-", ...(shm ? { dir: shm } : {}) });
const own = (cores: 1 | 2) =>
  run("taskset", [
    ...["--cpu-list", CORES[cores], Deno.execPath(), "run", "-A", here("own.ts"), folder],
    JSON.stringify({ shape, tile, chunk, halo: Number(flags.halo) }),
  ]);
const python = (cores: 1 | 2) =>
  run("taskset", [
    ...["--cpu-list", CORES[cores], PYTHON, here("zarr_python.py"), folder],
    ...[...tile, flags.halo, cores].map(String),
  ]);
const hasPython = await run(PYTHON, ["-c", "import zarr; assert zarr.__version__[0] == '2'"]).then(
  () => true,
  () => false,
);

const ours: Record<1 | 2, OwnFigures[]> = { 1: [], 2: [] };
const peers: Record<1 | 2, PeerFigures[]> = { 1: [], 2: [] };
try {
  await own(1);
  // In turns, so that what else the machine does meets all of them.
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const cores of [1, 2] as const) {
      ours[cores].push(JSON.parse(await own(cores)));
      if (hasPython) peers[cores].push(JSON.parse(await python(cores)));
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

const [one, two] = [medians(ours[1]), medians(ours[2])];
/** Of each part all threads, and the main one. */
const parts = ({ parts, pyramid, plain }: OwnFigures) => {
  const named: Record<string, Busy> = {
    ...parts,
    pyramid: {
      processor: pyramid.processor - plain.processor,
      mainThread: pyramid.mainThread - plain.mainThread,
    },
  };
  const sum = (of: keyof Busy) => Object.values(named).reduce((total, part) => total + part[of], 0);
  const rest = (of: keyof Busy) => pyramid[of] - sum(of);
  return { ...named, other: { processor: rest("processor"), mainThread: rest("mainThread") } };
};
const table = (rows: readonly (readonly (string | number | undefined)[])[]) => {
  const cell = (value: string | number | undefined) => typeof value === "number" ? value.toFixed(1) : value ?? "";
  for (const row of rows) console.log(`| ${row.map(cell).join(" | ")} |`);
};
const share = ({ mainThread, wall }: OwnFigures["pyramid"]) => `${(100 * mainThread / wall).toFixed(0)} %`;
const peer = hasPython ? { 1: medians(peers[1]), 2: medians(peers[2]) } : undefined;
const each = (seconds: number | undefined) => seconds === undefined ? undefined : 1e9 * seconds / voxels;

console.log(
  `${shape.join(" x ")} uint16, tiles ${tile.join(" x ")}, halo ${flags.halo}, median of ${flags.rounds} rounds\n`,
);
table([
  ["nanoseconds for each voxel of the output", "1 core", "2 cores", "main thread, 2 cores"],
  ["---", "---", "---", "---"],
]);
const [partsOfOne, partsOfTwo]: Record<string, Busy>[] = [parts(one), parts(two)];
for (const [part, { processor, mainThread }] of Object.entries(partsOfTwo!)) {
  table([[part, partsOfOne![part]!.processor, processor, mainThread]]);
}
table([
  ["all of it", one.pyramid.processor, two.pyramid.processor, two.pyramid.mainThread],
  ["without pyramid", one.plain.processor, two.plain.processor, two.plain.mainThread],
  ["time, kernels included", one.pyramid.wall, two.pyramid.wall],
  ["main thread busy", share(one.pyramid), share(two.pyramid)],
  ["kernels, not counted above", one.pyramid.kernels, two.pyramid.kernels],
  ["first job besides, seconds", one.startSeconds, two.startSeconds],
  ["codec and copy alone, read", one.floor.read, two.floor.read],
  ["codec and copy alone, write", one.floor.write, two.floor.write],
  ["zarr-python, without pyramid", each(peer?.[1].plain.processor), each(peer?.[2].plain.processor)],
  ["zarr-python, one level", each(peer?.[1].pyramid.processor), each(peer?.[2].pyramid.processor)],
]);
if (!hasPython) console.log(`\nzarr-python 2 was left out: ${PYTHON} has none (Debian: apt-get install python3-zarr)`);
console.log(`\nTwo cores are ${(one.pyramid.wall / two.pyramid.wall).toFixed(2)} times as fast as one.\n`);
const all = [[1, one], [2, two]] as const;
console.log(JSON.stringify({
  ...{ shape, tile, chunk, halo: Number(flags.halo) },
  ours: Object.fromEntries(all.map(([cores, figures]) => [cores, { ...figures, parts: parts(figures) }])),
  ...(peer ? { zarrPython: peer } : {}),
}));
