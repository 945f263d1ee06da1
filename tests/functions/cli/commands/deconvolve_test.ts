import { assert, assertEquals } from "@std/assert";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { readOutput, recordedTiles } from "../../identity_jobs.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { configureStores, openStore } from "../../../stores.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { besideWarnings, exists, runCli } from "../run_cli.ts";

const SHAPE = [20, 40, 36];
const folder = await Deno.makeTempDir({ prefix: "clearstack-deconvolve-" });
const path = (name: string) => `${folder}/${name}`;
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(path("image.zarr"), { shape: SHAPE, chunk: [7, 16, 16], values: patternedVoxels(SHAPE) });
await writePsf(path("psf.zarr"));

const settings = ["--psf", path("psf.zarr"), "--iterations", "3", "--backend", "cpu"];
const tiled = [...settings, "--tile", "10,16,16", "--halo", "4,8,8"];

const deconvolve = (output: string, ...flags: string[]) =>
  runCli(["deconvolve", path("image.zarr"), path(output), ...flags]);

/** An image and a PSF of one voxel size, with which nothing is wrong. */
async function writeRight(): Promise<void> {
  const voxelMicrometre = [0.2, 0.1, 0.1] as const;
  const psf = gaussianPsf([9, 9, 9], [1.2, 1.2, 1.2]);
  const volumes = {
    "right.zarr": { shape: [20, 40, 36], values: Float32Array.from(patternedVoxels(SHAPE)) },
    "right-psf.zarr": { shape: psf.shape, values: Float32Array.from(psf.values) },
  } as const;
  for (const [name, volume] of Object.entries(volumes)) {
    await writeVolume(openStore(path(name)), { name, voxelMicrometre, ...volume });
  }
}

Deno.test("--json prints exactly one object, the result, and nothing else is said", async () => {
  await writeRight();
  const args = ["deconvolve", path("right.zarr"), path("json.zarr"), ...tiled, "--json"];
  const { status, out, err } = await runCli(args.map((arg) => arg === path("psf.zarr") ? path("right-psf.zarr") : arg));
  assertEquals([status, err], [0, ""]);
  assertEquals(out.trimEnd().split("\n").length, 1);
  const result = JobResultSchema.parse(JSON.parse(out));
  assertEquals(Object.keys(result).toSorted(), [
    "adapter",
    "backend",
    "bytesRead",
    "bytesWritten",
    "decisions",
    "iterations",
    "kernelSeconds",
    "output",
    "seam",
    "seconds",
    "tiles",
    "tilesComputed",
    "voxels",
  ]);
  const { backend, iterations, tiles, tilesComputed, voxels, output } = result;
  assertEquals([backend, iterations, tiles, tilesComputed, voxels], ["cpu", 3, 18, 18, 20 * 40 * 36]);
  assert(output.endsWith("json.zarr") && result.kernelSeconds > 0 && result.seconds > result.kernelSeconds);
});

Deno.test("what is wrong with the PSF is told on stderr and in the result, by plan too, and --strict refuses it", async () => {
  const codesOf = (text: string) => JSON.parse(text).warnings.map(({ code }: { code: string }) => code);
  const expected = ["psf-spacing-unknown", "psf-cut-off"];
  const run = await deconvolve("warned.zarr", ...tiled, "--json");
  assertEquals([run.status, codesOf(run.out)], [0, expected]);
  const plan = await runCli(["plan", path("image.zarr"), ...tiled, "--json"]);
  assertEquals(codesOf(plan.out), expected);
  for (const { err } of [run, plan]) {
    const lines = err.trimEnd().split("\n");
    assertEquals(lines.length, 2, err);
    assert(lines.every((line) => line.startsWith("warning: ")) && err.includes("cut off: "), err);
  }
  const strict = await deconvolve("strict.zarr", ...tiled, "--strict");
  assertEquals([strict.status, await exists(path("strict.zarr"))], [2, false]);
  assert(/^clearstack: refused by --strict: voxel size: .*cut off: /.test(strict.err), strict.err);
});

Deno.test("without --json the result is told in words", async () => {
  const { status, out } = await deconvolve("words.zarr", ...tiled);
  assertEquals(status, 0);
  for (
    const words of ["words.zarr", "28,800 voxels in 18 tiles", "3 iterations", "on cpu", "seams: largest difference"]
  ) {
    assert(out.includes(words), out);
  }
});

Deno.test("the last lines say how to open an output that is a file, quoted for a shell; one tile is told as one", async () => {
  const once = ["--psf", path("psf.zarr"), "--iterations", "1", "--backend", "cpu"];
  const { out } = await deconvolve("one tile.zarr", ...once, "--ome-version", "0.4");
  assert(out.includes(" in 1 tile, 1 iteration\n"), out);
  const lines = out.trimEnd().split("\n").slice(-2);
  assertEquals(lines[0], `open it with napari --plugin napari-ome-zarr '${path("one tile.zarr")}'`);
  assertEquals(lines[1], "or in Fiji with Plugins > BigDataViewer > HDF5/N5/Zarr/OME-NGFF Viewer");
  const memory = [path("image.zarr"), `memory:${crypto.randomUUID()}`, ...once];
  assert(!(await runCli(["deconvolve", ...memory])).out.includes("napari"));
});

Deno.test("an output bears its own name", async () => {
  await writeRight();
  const right = [path("right.zarr"), path("sharp.ome.zarr"), "--psf", path("right-psf.zarr"), "--backend", "cpu"];
  await runCli(["deconvolve", ...right, "--iterations", "1"]);
  const { ome } = JSON.parse(await Deno.readTextFile(path("sharp.ome.zarr/zarr.json"))).attributes;
  assertEquals([ome.multiscales[0].name, ome.omero.name, ome.omero.channels[0].label], Array(3).fill("sharp"));
});

Deno.test("plan tells the cost where a price is set", async () => {
  const prices: Record<string, string> = { CLEARSTACK_PRICE_PER_GPU_SECOND: "1000", CLEARSTACK_CURRENCY: "EUR" };
  configureStores({ env: (name) => prices[name] });
  try {
    const { out } = await runCli(["plan", path("image.zarr"), ...tiled]);
    assert(/^cost +about [\d.]+ EUR$/m.test(out), out);
  } finally {
    configureStores({ env: () => undefined });
  }
});

Deno.test("tiles agree with the whole where the halo holds what the iterations can reach", async () => {
  const halo = ["--halo", "10,20,20"];
  await deconvolve("whole.zarr", ...settings, ...halo, "--tile", "20,40,36");
  await deconvolve("tiled.zarr", ...settings, ...halo, "--tile", "10,20,18");
  const whole = await readOutput(path("whole.zarr"));
  const tiles = await readOutput(path("tiled.zarr"));
  const peak = whole.reduce((a, b) => Math.max(a, b), 0);
  const worst = whole.reduce((worst, value, i) => Math.max(worst, Math.abs(value - tiles[i]!)), 0);
  // An iteration reaches twice the PSF's radius of 1, 2, 2, so three reach 6, 12, 12 voxels: less than the halo. What remains
  // is float32 rounding in transforms of other lengths, some 1e-7 of the peak per transform.
  assert(worst < 1e-5 * peak, `${worst / peak} of the peak`);
});

Deno.test("a second run is refused; --resume accepts what is there; --overwrite does it again", async () => {
  await deconvolve("again.zarr", ...tiled);
  assertEquals((await deconvolve("again.zarr", ...tiled)).status, 2);
  const resumed = JSON.parse((await deconvolve("again.zarr", ...tiled, "--resume", "--json")).out);
  assertEquals([resumed.tiles, resumed.tilesComputed], [18, 0]);
  const replaced = JSON.parse((await deconvolve("again.zarr", ...tiled, "--overwrite", "--json")).out);
  assertEquals([replaced.tiles, replaced.tilesComputed], [18, 18]);
  assertEquals((await deconvolve("again.zarr", ...settings, "--resume")).status, 2, "another plan is no continuation");
});

Deno.test("an interrupted run exits with 1, says how much is kept, and is continued by the same command", async () => {
  let stop = () => {};
  const watching = watchTiles("interrupted.zarr", 2).then(() => stop());
  const args = ["deconvolve", path("image.zarr"), path("interrupted.zarr"), ...tiled];
  const iterations = args.map((arg) => arg === "3" ? "300" : arg);
  const { status, err } = await runCli(iterations, { onInterrupt: (interrupt) => stop = interrupt });
  await watching;
  assertEquals(status, 1);
  const said = besideWarnings(err);
  assert(/^clearstack: [^\n]*cancelled[^\n]*of 18 tiles are kept[^\n]*run the same[^\n]*\n$/.test(said), said);
  const kept = (await recordedTiles(path("interrupted.zarr"))).length;
  assert(kept >= 2 && kept < 18, `${kept} tiles`);
  const again = JSON.parse((await runCli([...iterations, "--json"])).out);
  assertEquals(again.tilesComputed, 18 - kept);
});

async function watchTiles(output: string, count: number): Promise<void> {
  for (;;) {
    if (await exists(path(output)) && (await recordedTiles(path(output))).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("a run that takes longer shows lines of progress; --quiet shows none", async () => {
  const shown = await runCli(["deconvolve", path("image.zarr"), path("bar.zarr"), ...tiled], { terminalColumns: 80 });
  assert(shown.err.includes("of 18 tiles"), shown.err);
  const quiet = [path("image.zarr"), path("quiet.zarr"), ...tiled, "--quiet"];
  assertEquals((await runCli(["deconvolve", ...quiet], { terminalColumns: 80 })).err, "");
});

Deno.test("iterations count inside a tile and inside a pilot, and an interruption there says how to go on", async () => {
  const long = ["--psf", path("psf.zarr"), "--iterations", "90000", "--backend", "cpu"];
  const cases = [[long, "0 of 1 tile, iteration "], [
    [...long, "--stop", "divergence"],
    "pilot 1: iteration ",
  ]] as const;
  for (const [flags, words] of cases) {
    let stop = () => {};
    let shown = "";
    const { status, err } = await runCli(["deconvolve", path("image.zarr"), path("long.zarr"), ...flags], {
      terminalColumns: 100,
      onInterrupt: (interrupt) => stop = interrupt,
      onErr: (text) => {
        shown += text;
        if (shown.includes(words)) stop();
      },
    });
    assertEquals([status, await exists(path("long.zarr"))], [1, false]);
    const [last] = err.trimEnd().split("\n").slice(-1);
    const told = "clearstack: the job was cancelled; nothing was kept: run the same job again to start anew";
    assert(last!.endsWith(told), err);
  }
});

Deno.test("plan tells what would be done, as a table, as JSON and as a drawing, and writes nothing else", async () => {
  const args = ["plan", path("image.zarr"), ...tiled];
  const table = await runCli(args);
  assertEquals(table.status, 0);
  for (const words of ["18 (2 x 3 x 3)", "10 x 16 x 16", "host memory", "chunks 7 x 16 x 16"]) {
    assert(table.out.includes(words), table.out);
  }
  // 28,800 voxels in boxes of 2.9 times as many, 3 iterations: less than a second.
  for (const row of [/^time +about 1 s on the device/m, /^memory +host memory \S+ MiB of 1\.00 GiB, device memory/m]) {
    assert(row.test(table.out), table.out);
  }
  assert(!/boxesRead|^cost/m.test(table.out), table.out);
  assert(/^for host +runtime 256\.0 MiB, boxesRead /m.test((await runCli([...args, "--verbose"])).out));
  const plan = PlanSchema.parse(JSON.parse((await runCli([...args, "--json"])).out));
  // 8e7 voxels of boxes times iterations in a second: the usual pace of a CPU.
  const kernelSeconds = plan.voxels * plan.inflation * 3 / 8e7;
  assertEquals(plan.estimate, { kernelSeconds, basis: "default" });
  assertEquals([plan.tiles, plan.tile], [18, [10, 16, 16]]);
  await runCli([...args, "--svg", path("plan.svg")]);
  assert((await Deno.readTextFile(path("plan.svg"))).startsWith("<svg"));
  const unwritable = await runCli([...args, "--svg", path("image.zarr/zarr.json/plan.svg")]);
  assertEquals(unwritable.status, 2);
  assert(unwritable.err.includes("--svg"), unwritable.err);
});

Deno.test("folders that an output makes are told in one line, unless nothing is to be said", async () => {
  const told = async (output: string, ...flags: string[]) =>
    (await deconvolve(output, ...settings, ...flags)).err.split("\n").filter((line) =>
      line.startsWith("note: the folder")
    );
  assertEquals(await told("typo/deep/out.zarr"), [
    `note: the folder ${path("typo/deep")} does not exist and is made for the output`,
  ]);
  assertEquals(await told("typo/deep/other.tif"), []);
  assertEquals(await told("quiet/out.zarr", "--quiet"), []);
  const converted = await runCli(["convert", path("image.zarr"), path("converted/out.zarr")]);
  assertEquals(converted.err, `note: the folder ${path("converted")} does not exist and is made for the output\n`);
});
