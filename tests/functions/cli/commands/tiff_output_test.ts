/** Outputs by their names: what is refused before anything is computed, and what a TIFF may replace. */
import { assert, assertEquals } from "@std/assert";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { readVolumes } from "../../../fixtures/read_whole.ts";
import { openImage } from "../../../stores.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { runCli } from "../run_cli.ts";

const SHAPE = [4, 8, 8] as const;

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-tiff-" });
  try {
    const values = Float32Array.from(patternedVoxels(SHAPE));
    await Deno.writeFile(
      `${folder}/src.tif`,
      encodeTiff({ shape: SHAPE, values, spacingMicrometre: [0.5, 0.25, 0.1] }),
    );
    await writePsf(`${folder}/psf.zarr`);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const deconvolve = (folder: string, output: string, ...flags: string[]) =>
  runCli([
    ...["deconvolve", `${folder}/src.tif`, `${folder}/${output}`, "--psf", `${folder}/psf.zarr`],
    ...["--backend", "cpu", "--iterations", "1", "--quiet", ...flags],
  ]);
const convert = (folder: string, output: string, ...flags: string[]) =>
  runCli(["convert", `${folder}/src.tif`, `${folder}/${output}`, "--quiet", ...flags]);

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

async function refused(folder: string, run: () => ReturnType<typeof runCli>, text: string): Promise<void> {
  const before = [await namesIn(folder), await Deno.readFile(`${folder}/src.tif`)];
  const { status, err } = await run();
  assertEquals([status, err.includes(text)], [2, true], err);
  assertEquals([await namesIn(folder), await Deno.readFile(`${folder}/src.tif`)], before);
}

Deno.test("a name of any other ending is refused by every command, and one without an ending is a Zarr", () =>
  inFolder(async (folder) => {
    for (const name of ["out.czi", "out.h5", "out.zarr.zip", "out.tif.gz", "out.png", "out.TIFFS", "a.n5/"]) {
      const ending = name.split(".").at(-1)!.replace("/", "").toLowerCase();
      await refused(
        folder,
        () => deconvolve(folder, name),
        `not .${ending}: give it a name that ends in .zarr, .tif or .tiff`,
      );
      await refused(folder, () => convert(folder, name), "ends in .zarr, .tif or .tiff");
    }
    for (const name of ["out", "sample_0.5", ".hidden", "a.b/out", "OUT.ZARR/"]) {
      const { status, err } = await convert(folder, name);
      assertEquals(status, 0, err);
      assert((await Deno.stat(`${folder}/${name}`)).isDirectory, name);
    }
  }));

Deno.test("settings of a Zarr are refused for a TIFF", () =>
  inFolder(async (folder) => {
    for (const [flag, value] of [["--shards", "4,8,8"], ["--shards", "none"], ["--ome-version", "0.4"]] as const) {
      await refused(folder, () => deconvolve(folder, "out.tif", flag, value), "a TIFF has no");
      await refused(folder, () => convert(folder, "out.TIF", flag, value), "a TIFF has no");
    }
  }));

Deno.test("a TIFF replaces an earlier one of ours alone, when it is asked to", () =>
  inFolder(async (folder) => {
    for (const run of [deconvolve, convert]) {
      await Deno.writeTextFile(`${folder}/notes.tif`, "not a TIFF at all");
      await Deno.copyFile(`${folder}/src.tif`, `${folder}/other.tif`);
      await Deno.mkdir(`${folder}/dir.tif`, { recursive: true });
      await Deno.writeTextFile(`${folder}/dir.tif/file`, "");
      for (const output of ["notes.tif", "other.tif"]) {
        await refused(folder, () => run(folder, output, "--overwrite"), "was not written by Clearstack");
      }
      await refused(folder, () => run(folder, "dir.tif", "--overwrite"), "is a folder");
      const first = await run(folder, "out.tif");
      assertEquals(first.status, 0, first.err);
      await refused(folder, () => run(folder, "out.tif"), "is already complete");
      const accepted = await run(folder, "out.tif", "--resume");
      assertEquals([accepted.status, accepted.out.split("\n")[0]], [0, `${folder}/out.tif`], accepted.err);
      const other = run === convert ? ["--scale", "1,1,1"] : ["--halo", "0,0,0"];
      await refused(folder, () => run(folder, "out.tif", "--resume", ...other), "already exists; replace it");
      const replaced = await run(folder, "out.tif", "--overwrite", "--json");
      assertEquals(replaced.status, 0, replaced.err);
      const { tilesComputed, blocksWritten } = JSON.parse(replaced.out);
      assertEquals(tilesComputed ?? blocksWritten, 1);
      await Deno.remove(`${folder}/out.tif`);
    }
  }));

Deno.test("through links, nothing reaches the source", () =>
  inFolder(async (folder) => {
    for (const run of [deconvolve, convert]) {
      await Deno.symlink(`${folder}/src.tif`, `${folder}/link.tif`);
      await refused(folder, () => run(folder, "link.tif", "--overwrite"), "lie over the source");
      await refused(folder, () => run(folder, "src.tif", "--overwrite"), "lie over the source");
      // Links where the work is done, and where an unfinished file would be.
      await Deno.symlink(`${folder}/src.tif`, `${folder}/out.tif.unfinished.zarr`);
      await refused(folder, () => run(folder, "out.tif", "--overwrite"), "lie over the source");
      await Deno.remove(`${folder}/out.tif.unfinished.zarr`);
      const source = await Deno.readFile(`${folder}/src.tif`);
      await Deno.symlink(`${folder}/src.tif`, `${folder}/out.tif.partial`);
      const { status, err } = await run(folder, "out.tif", "--overwrite");
      assertEquals(status, 0, err);
      assertEquals(await Deno.readFile(`${folder}/src.tif`), source);
      assertEquals(await namesIn(folder), ["link.tif", "out.tif", "psf.zarr", "src.tif"]);
      for (const name of ["link.tif", "out.tif"]) await Deno.remove(`${folder}/${name}`);
    }
  }));

Deno.test("types that few programs read in a TIFF are refused, others become an OME-TIFF", () =>
  inFolder(async (folder) => {
    const shape = [3, 2, 4, 5];
    const values = Float32Array.from(patternedVoxels(shape));
    await writeZarr(`${folder}/c.zarr`, { shape, chunk: [1, 1, 4, 5], values });
    const types = { int8: 1, int16: 2, int32: 4, uint32: 4, float64: 8, float16: 2, int64: 8, uint64: 8, bool: 1 };
    for (const [dtype, bytes] of Object.entries(types)) {
      const source = `${folder}/${dtype}.zarr`;
      const document = JSON.parse(await Deno.readTextFile(`${folder}/c.zarr/zarr.json`));
      await Deno.mkdir(source);
      const whole = {
        ...document,
        data_type: dtype,
        chunk_grid: { name: "regular", configuration: { chunk_shape: shape } },
      };
      await Deno.writeTextFile(
        `${source}/zarr.json`,
        JSON.stringify({ ...whole, fill_value: dtype === "bool" ? false : 0 }),
      );
      await Deno.mkdir(`${source}/c/0/0/0`, { recursive: true });
      await Deno.writeFile(
        `${source}/c/0/0/0/0`,
        new Uint8Array(120 * bytes).map((_, i) => i % bytes === 0 ? i & 1 : 0),
      );
      const { status, out, err } = await runCli(["convert", source, `${folder}/${dtype}.tif`, "--quiet", "--json"]);
      if (["float16", "int64", "uint64"].includes(dtype)) {
        assertEquals([status, err.includes(`a TIFF of ${dtype}`)], [2, true], err);
        continue;
      }
      assertEquals([status, err], [0, ""]);
      const kind = dtype === "bool" ? "imagej" : "ome";
      assertEquals(JSON.parse(out).tiff, { kind, bigTiff: false });
      const image = await openImage({ url: `${folder}/${dtype}.tif` });
      assertEquals([image.info.shape, image.info.dtype as string], [shape, dtype === "bool" ? "uint8" : dtype]);
      assertEquals(await readVolumes(image), await readVolumes(await openImage({ url: source })));
    }
  }));

Deno.test("what integers stand for goes from output to output, whatever their form", () =>
  inFolder(async (folder) => {
    const { status, err, out } = await deconvolve(folder, "a.zarr", "--dtype", "uint8", "--range", "-10,9990");
    assertEquals([status, err], [0, ""]);
    assert(out.includes("39.22 x stored - 10 in the units of the source, 0 voxels clipped"), out);
    const stated = { scale: 10000 / 255, offset: -10, unit: "source" };
    for (const [from, to] of [["a.zarr", "b.tif"], ["b.tif", "c.zarr"], ["c.zarr", "d.ome.tif"]] as const) {
      const run = await runCli(["convert", `${folder}/${from}`, `${folder}/${to}`, "--quiet"]);
      assertEquals([run.status, run.err], [0, ""]);
    }
    const voxels = await readVolumes(await openImage({ url: `${folder}/a.zarr` }));
    for (const name of ["a.zarr", "b.tif", "c.zarr", "d.ome.tif"]) {
      const { intensity, info } = JSON.parse((await runCli(["info", `${folder}/${name}`, "--json"])).out);
      assertEquals([name, info.dtype, intensity], [name, "uint8", stated]);
      assertEquals(await readVolumes(await openImage({ url: `${folder}/${name}` })), voxels);
    }
    const foreign = JSON.parse((await runCli(["info", `${folder}/src.tif`, "--json"])).out);
    assertEquals(foreign.intensity, undefined);
  }));

Deno.test("of a TIFF that is not made yet, info and reproduce tell from what it will be made of, and how to go on", () =>
  inFolder(async (folder) => {
    const unfinished = `${folder}/out.tif.unfinished.zarr`;
    assertEquals((await deconvolve(folder, "out.tif.unfinished.zarr", "--no-pyramid")).status, 0);
    // As a run leaves it that is killed before its end.
    for (const name of [".clearstack/done.json", "zarr.json"]) await Deno.remove(`${unfinished}/${name}`);
    const { status, out, err } = await runCli(["info", `${folder}/out.tif`]);
    assertEquals([status, err], [0, ""]);
    assertEquals(out.split("\n")[0], `${unfinished}, array 0`);
    assert(/state +unfinished, 1 of 1 tile\n/.test(out), out);
    const advice = `give the same deconvolve command again; it then becomes ${folder}/out.tif`;
    assert(new RegExp(`to go on +${advice}\n`).test(out), out);
    const { words, warnings } = JSON.parse((await runCli(["reproduce", `${folder}/out.tif`, "--json"])).out);
    assertEquals([words.slice(0, 3), words.includes("--no-pyramid")], [
      ["deconvolve", `${folder}/src.tif`, `${folder}/out-again.tif`],
      false,
    ]);
    assert(warnings.includes("it is not finished: the command makes what it was to become"), warnings);
    assertEquals((await runCli(words)).status, 0);
    assert((await Deno.stat(`${folder}/out-again.tif`)).isFile);
  }));

Deno.test("what is no output of ours is told what reproduce needs, and what is not there that it is not there", () =>
  inFolder(async (folder) => {
    const needs =
      "reproduce needs an output of clearstack deconvolve or convert, which keeps the record of its job in ";
    await refused(folder, () => runCli(["reproduce", `${folder}/src.tif`]), `${needs}a tag of the TIFF`);
    await refused(folder, () => runCli(["reproduce", `${folder}/psf.zarr`]), `${needs}its folder .clearstack`);
    for (const name of ["none.tif", "none.zarr"]) {
      await refused(folder, () => runCli(["reproduce", `${folder}/${name}`]), "does not exist");
    }
  }));
