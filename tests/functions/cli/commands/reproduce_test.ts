import { assert, assertEquals } from "@std/assert";
import { shellQuote } from "functions/cli/commands/shell_quote.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { runCli } from "../run_cli.ts";
import { openStore } from "../../../stores.ts";

const SHAPE = [9, 20, 18];

/** A folder whose name a shell would take apart, with an image and a PSF in it. */
async function sampleFolder(): Promise<{ readonly path: (name: string) => string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "it's $HOME & more " });
  const path = (name: string) => `${folder}/${name}`;
  await writeZarr(path("image.zarr"), { shape: SHAPE, chunk: [4, 8, 8], values: patternedVoxels(SHAPE) });
  await writePsf(path("psf.zarr"));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** What a shell makes of a printed command: runs it from the root of the project, as a user would. */
async function runPrinted(command: string): Promise<number> {
  const root = new URL("../../../../", import.meta.url);
  const line = command.replace("deno task clearstack", "deno run -A --no-check functions/cli/main.ts");
  const { code } = await new Deno.Command("sh", { args: ["-c", line], cwd: root, stderr: "inherit" }).output();
  return code;
}

/** Every stored object of the arrays of an output. */
async function voxelObjects(url: string): Promise<Record<string, string>> {
  const store = openStore(url);
  const keys = (await Array.fromAsync(store.list(""))).filter((key) => /^\d+\//.test(key)).sort();
  const objects = await Promise.all(keys.map(async (key) => [key, (await store.get(key))!.toHex()]));
  return Object.fromEntries(objects);
}

const WAYS = {
  "plain": ["--iterations", "3"],
  "of another boundary, in pieces of its own": [
    ...["--iterations", "2", "--boundary", "constant", "--boundary-value", "-2.5", "--halo", "2,3,3"],
    ...["--tile", "5,8,8", "--ome-version", "0.4"],
  ],
  "with a background that was estimated, and a scale": ["--background", "auto", "--tv", "0.01", "--iterations", "3"],
  "stopped by a rule": ["--stop", "divergence", "--stop-tolerance", "0.05", "--iterations", "9", "--seed", "5"],
  "of integers, in a range that was decided": ["--dtype", "uint16", "--iterations", "3"],
  "of integers of a given range": ["--dtype", "uint8", "--range", "-5,2500.5", "--iterations", "2"],
  "of integers, stopped by a rule": ["--dtype", "uint16", "--stop", "divergence", "--iterations", "9"],
  "stopped by a rule beside total variation": [
    ...["--stop", "held-out", "--iterations", "9", "--tv", "0.002", "--start", "flat"],
  ],
};

for (const [way, flags] of Object.entries(WAYS)) {
  Deno.test(`an output ${way} is made again by the printed command, byte by byte`, async () => {
    await using folder = await sampleFolder();
    const { path } = folder;
    const made = await runCli([
      ...["deconvolve", path("image.zarr"), path("out.zarr"), "--psf", path("psf.zarr"), "--backend", "cpu", "--quiet"],
      ...flags,
    ]);
    assertEquals([made.status, made.err], [0, ""]);
    const { status, out, err } = await runCli(["reproduce", path("out.zarr")]);
    assertEquals([status, err], [0, ""]);
    assert(
      out.startsWith("deno task clearstack deconvolve ") && out.includes("--tile ") && out.includes("--halo "),
      out,
    );
    assertEquals(await runPrinted(out), 0);
    const again = await voxelObjects(path("out-again.zarr"));
    assertEquals(again, await voxelObjects(path("out.zarr")));
    assert(Object.keys(again).length > 1);
  });
}

Deno.test("what was decided is stated where a pilot runs anyway, and left to the pilot where it would not", async () => {
  await using folder = await sampleFolder();
  const { path } = folder;
  const psf = ["--psf", path("psf.zarr"), "--backend", "cpu", "--quiet", "--iterations", "9"];
  const stop = ["--stop", "divergence", "--stop-tolerance", "0.05"];
  await runCli(["deconvolve", path("image.zarr"), path("a.zarr"), ...psf, ...stop, "--tv", "0.01"]);
  const { words } = JSON.parse((await runCli(["reproduce", path("a.zarr"), "--json"])).out);
  assert(
    !words.includes("--stop") && words.includes("--tv") && Number(words[words.indexOf("--iterations") + 1]) < 9,
    words,
  );
  await runCli(["deconvolve", path("image.zarr"), path("b.zarr"), ...psf, ...stop, "--boundary", "symmetric"]);
  assert((await runCli(["reproduce", path("b.zarr")])).out.includes("--stop divergence"));
});

Deno.test("the type and the range of integers are stated, as they were given or decided", async () => {
  await using folder = await sampleFolder();
  const { path } = folder;
  const flags = ["--psf", path("psf.zarr"), "--backend", "cpu", "--quiet", "--iterations", "2", "--json"];
  const made = await runCli(["deconvolve", path("image.zarr"), path("a.zarr"), ...flags, "--dtype", "uint16"]);
  const { decisions: { range } } = JSON.parse(made.out);
  const { out } = await runCli(["reproduce", path("a.zarr")]);
  assert(out.includes(`--dtype uint16 --range ${range.join(",")}`), out);
  await runCli(["deconvolve", path("image.zarr"), path("b.tif"), ...flags, "--dtype", "uint8", "--range", "-5,2500.5"]);
  const { words } = JSON.parse((await runCli(["reproduce", path("b.tif"), "--json"])).out);
  assertEquals([words[words.indexOf("--dtype") + 1], words[words.indexOf("--range") + 1]], ["uint8", "-5,2500.5"]);
});

Deno.test("a conversion is made again as well", async () => {
  await using folder = await sampleFolder();
  const { path } = folder;
  await runCli(["convert", path("image.zarr"), path("out.zarr"), "--scale", "0.5,0.1,0.1", "--unit", "um", "--quiet"]);
  const { out, err } = await runCli(["reproduce", path("out.zarr"), path("second.zarr")]);
  assertEquals(err, "");
  assertEquals(await runPrinted(out), 0);
  assertEquals(await voxelObjects(path("second.zarr")), await voxelObjects(path("out.zarr")));
  const metadata = (name: string) => Deno.readTextFile(path(`${name}/zarr.json`));
  const multiscales = (text: string) => JSON.parse(text).attributes.ome.multiscales;
  assertEquals(multiscales(await metadata("second.zarr")), multiscales(await metadata("out.zarr")));
});

Deno.test("what is no longer the same is warned of, on one line each", async () => {
  await using folder = await sampleFolder();
  const { path } = folder;
  const arguments_ = [
    "deconvolve",
    path("image.zarr"),
    path("out.zarr"),
    "--psf",
    path("psf.zarr"),
    "--backend",
    "cpu",
  ];
  await runCli([...arguments_, "--iterations", "2", "--quiet"]);
  const warnings = async () => (await runCli(["reproduce", path("out.zarr")])).err.split("\n").slice(0, -1);
  assertEquals(await warnings(), []);

  await writePsf(path("psf.zarr"), [3, 3, 5]);
  assertEquals(await warnings(), [`warning: the PSF ${path("psf.zarr")} has changed since`]);
  const metadata = JSON.parse(await Deno.readTextFile(path("image.zarr/zarr.json")));
  await Deno.writeTextFile(path("image.zarr/zarr.json"), JSON.stringify({ ...metadata, attributes: { edited: 1 } }));
  assertEquals((await warnings())[0], `warning: the source ${path("image.zarr")} has changed since`);

  const store = openStore(path("out.zarr"));
  const job = JSON.parse(new TextDecoder().decode(await store.get(".clearstack/job.json")));
  await store.put(".clearstack/job.json", encodeJson({ ...job, version: "0.0.1", redacted: ["source"] }));
  await store.delete(".clearstack/done.json");
  const [version, unfinished, secret] = await warnings();
  assert(version!.includes("Clearstack 0.0.1") && unfinished!.includes("not finished") && secret!.includes("not kept"));
  await Deno.remove(path("image.zarr"), { recursive: true });
  assert((await warnings()).some((line) => line.includes("the source cannot be read")));
});

Deno.test("what is no output of ours, or of a version that nobody knows, is refused in one line", async () => {
  await using folder = await sampleFolder();
  const { path } = folder;
  await Deno.mkdir(path("odd.zarr/.clearstack"), { recursive: true });
  await Deno.writeTextFile(path("odd.zarr/.clearstack/job.json"), `{"version": "9.0.0", "planHash": "00"}`);
  for (
    const [name, message] of [["image.zarr", "does not say how"], ["odd.zarr", "made by Clearstack 9.0.0"]] as const
  ) {
    const { status, out, err } = await runCli(["reproduce", path(name)]);
    assertEquals([status, out, err.split("\n").length], [2, "", 2]);
    assert(err.includes(message), err);
  }
});

Deno.test("a shell reads back what was quoted", async () => {
  const words = [
    "plain-1.zarr",
    "two words",
    "it's",
    "$HOME",
    "`id`",
    "a\nb",
    "",
    "\\",
    '"',
    "*",
    "~",
    "#x",
    "\u00b5m",
  ];
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `printf '%s\\0' ${shellQuote(words)}`] }).output();
  assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});
