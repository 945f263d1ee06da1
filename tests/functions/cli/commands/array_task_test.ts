import { assertEquals, assertStringIncludes } from "@std/assert";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { runCli } from "../run_cli.ts";

Deno.test("tasks of an array make one output, and each says what it did", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-array-task-" });
  const shape = [8, 16, 32];
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: [8, 16, 16], values: patternedVoxels(shape) });
  await writePsf(`${folder}/psf.zarr`);
  const run = (output: string, ...flags: string[]) =>
    runCli([
      ...[
        "deconvolve",
        `${folder}/image.zarr`,
        `${folder}/${output}`,
        "--psf",
        `${folder}/psf.zarr`,
        "--backend",
        "cpu",
      ],
      ...["--tile", "8,16,16", "--halo", "2,4,4", "--iterations", "2", "--quiet", ...flags],
    ]);
  const first = await run("shared.zarr", "--array-task", "1/2");
  assertEquals(first.status, 0, first.err);
  assertStringIncludes(first.out, "task 1/2 is done: it computed 1 tile\n  1 of 2 tiles are still missing");
  const last = await run("shared.zarr", "--array-task", "0/2", "--json");
  assertEquals(last.status, 0, last.err);
  assertEquals([JSON.parse(last.out).tiles, JSON.parse(last.out).tilesComputed], [2, 1]);
  assertEquals((await run("alone.zarr")).status, 0);
  for (const key of ["0/c/0/0/0", "0/c/0/0/1"]) {
    assertEquals(
      await Deno.readFile(`${folder}/shared.zarr/${key}`),
      await Deno.readFile(`${folder}/alone.zarr/${key}`),
    );
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a task that is none, or that overwrites, is refused with the form that is expected", async () => {
  for (const text of ["2/2", "0/0", "1", "-1/2", "a/b", "0/99999999"]) {
    const { status, err } = await runCli(["deconvolve", "a.zarr", "b.zarr", "--psf", "c.tif", `--array-task=${text}`]);
    assertEquals(status, 2);
    assertStringIncludes(err, `--array-task "${text}": expected i/n: a task from 0 to n-1`);
  }
  const overwrite = ["deconvolve", "a.zarr", "b.zarr", "--psf", "c.tif", "--array-task", "0/2", "--overwrite"];
  const { status, err } = await runCli(overwrite);
  assertEquals(status, 2);
  assertStringIncludes(err, "each task would replace the work of the others");
});
