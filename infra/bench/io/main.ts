/**
 * Reading and writing OME-Zarr beside zarr-python 3, in one run on one core, by the time that the processor was busy with it: `deno task bench:io [--shape 64,1024,1024]
 * [--repeats 5]`. Needs taskset, and zarr-python 3 as infra/oracles/unpack_suite.sh unpacks it.
 */
import { fromFileUrl } from "@std/path";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { testVolume } from "../host/test_volume.ts";
import { taskEnvironment } from "../task_environment.ts";
import { readFlags } from "../../read_flags.ts";

const here = (name: string) => fromFileUrl(new URL(name, import.meta.url));

const ROUNDS = 3;

type Seconds = Record<string, number[]>;

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  if (!success) throw new Error(`${command} ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** On the first core alone, so that neither side gains by threads. */
const onOneCore = (command: string, args: string[], env?: Record<string, string>) =>
  run("taskset", ["--cpu-list", "0", command, ...args], env);

async function measure(shape: Vec3, repeats: number): Promise<{ seconds: Seconds; version: string }> {
  const python = await run("bash", [here("../../oracles/unpack_suite.sh")]);
  // In memory where there is such a place, so that no disk is measured.
  const shm = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
  const folder = await Deno.makeTempDir({ prefix: "clearstack-io-", ...(shm ? { dir: shm } : {}) });
  try {
    await Deno.writeFile(`${folder}/volume.raw`, new Uint8Array(testVolume(shape).buffer));
    const numbers = [...shape, repeats].map(String);
    const own = (mode: string) =>
      onOneCore(Deno.execPath(), ["run", "-A", here("own.ts"), mode, folder, ...numbers], taskEnvironment());
    const seconds: Seconds = {};
    const add = (times: Seconds, prefix = "") => {
      for (const [what, each] of Object.entries(times)) (seconds[prefix + what] ??= []).push(...each);
    };
    let version = "";
    // In rounds, so that what else the machine does meets both sides.
    for (let round = 0; round < ROUNDS; round++) {
      add(JSON.parse(await own("write")));
      const peer = JSON.parse(await onOneCore(python, [here("zarr_python.py"), folder, ...numbers]));
      add(peer.seconds, "python ");
      add(JSON.parse(await own("read")));
      version = peer.version;
    }
    return { seconds, version };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Comparisons: ours, the same by zarr-python, and the floor. */
const LINES = [
  ["write, blosc (zstd 1, shuffle)", "write ours", "python write blosc", "write floor"],
  ["read our own output", "read ours", "python read ours", "read floor"],
  ["read zarr-python's blosc", "read python-blosc", "python read blosc", "read floor"],
  ["read zarr-python's zstd", "read python-zstd", "python read zstd", undefined],
] as const;

if (import.meta.main) {
  const flags = readFlags({ shape: "64,1024,1024", repeats: "5" });
  const shape = flags.shape.split(",").map(Number) as unknown as Vec3;
  const { seconds, version } = await measure(shape, Number(flags.repeats));
  const mebibytes = (2 * voxelCount(shape)) / 2 ** 20;
  console.log(
    `${shape.join(" x ")} uint16, ${mebibytes} MiB, chunks 16 x 256 x 256, one core, processor time, ` +
      `median of ${ROUNDS} rounds of ${flags.repeats}\n`,
  );
  console.log(`| what | MiB/s | zarr-python ${version} | times faster | over copy and codec alone |`);
  console.log("| --- | --- | --- | --- | --- |");
  for (const [what, ours, peer, floor] of LINES) {
    const [own, theirs] = [median(seconds[ours]!), median(seconds[peer]!)];
    const over = floor === undefined ? "" : (own / median(seconds[floor]!)).toFixed(2);
    const speeds = [own, theirs].map((time) => (mebibytes / time).toFixed(0));
    console.log(`| ${what} | ${speeds.join(" | ")} | ${(theirs / own).toFixed(2)} | ${over} |`);
  }
}
