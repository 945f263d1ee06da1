/** `--overwrite` reaches nothing but an earlier output, however places are spelled. */
import { assert, assertEquals } from "@std/assert";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { runCli } from "../run_cli.ts";

const SHAPE = [4, 8, 8];

/** A folder with a source and a PSF, and what they hold. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-overwrite-" });
  try {
    await writeZarr(`${folder}/src.zarr`, { shape: SHAPE, chunk: SHAPE, values: patternedVoxels(SHAPE) });
    await writePsf(`${folder}/psf.zarr`);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function filesBelow(folder: string): Promise<[string, string][]> {
  const files: [string, string][] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...(await filesBelow(`${folder}/${name}`)));
    if (isFile) files.push([`${folder}/${name}`, (await Deno.readFile(`${folder}/${name}`)).toHex()]);
  }
  return files.sort(([a], [b]) => a < b ? -1 : 1);
}

const deconvolve = (folder: string, source: string, output: string, ...flags: string[]) =>
  runCli([
    ...["deconvolve", `${folder}/${source}`, `${folder}/${output}`, "--psf", `${folder}/psf.zarr`],
    ...["--backend", "cpu", "--iterations", "1", "--quiet", ...flags],
  ]);

async function refused(folder: string, run: () => ReturnType<typeof runCli>, text: string): Promise<void> {
  const before = await filesBelow(folder);
  const { status, err } = await run();
  assertEquals([status, err.includes(text)], [2, true], err);
  assertEquals(await filesBelow(folder), before);
}

Deno.test("an output that is a link to the source, lies in it or around it is refused, and the source stays", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/elsewhere`);
    await Deno.symlink(`${folder}/src.zarr`, `${folder}/link.zarr`);
    await Deno.symlink(folder, `${folder}/elsewhere/up`);
    for (const output of ["link.zarr", "link.zarr/inside", "elsewhere/up/src.zarr", "elsewhere/up"]) {
      await refused(folder, () => deconvolve(folder, "src.zarr", output, "--overwrite"), "lie over the source");
    }
    await refused(folder, () => deconvolve(folder, "link.zarr", "src.zarr", "--overwrite"), "lie over the source");
    await Deno.symlink(`${folder}/psf.zarr`, `${folder}/other.zarr`);
    await refused(folder, () => deconvolve(folder, "src.zarr", "other.zarr", "--overwrite"), "lie over the PSF");
    const convert = ["convert", `${folder}/src.zarr`, `${folder}/link.zarr`, "--overwrite"];
    await refused(folder, () => runCli(convert), "lie over the source");
  });
});

Deno.test("a source or a part of it that is a link into the output's folder keeps the output as it is", async () => {
  await inFolder(async (folder) => {
    assertEquals((await deconvolve(folder, "src.zarr", "out.zarr")).status, 0);
    await Deno.mkdir(`${folder}/out.zarr/images`);
    await Deno.writeFile(
      `${folder}/out.zarr/images/cells.tif`,
      encodeTiff({ shape: [4, 8, 8], values: new Float32Array(256) }),
    );
    await Deno.symlink(`${folder}/out.zarr/images/cells.tif`, `${folder}/cells.tif`);
    await refused(folder, () => deconvolve(folder, "cells.tif", "out.zarr", "--overwrite"), "lie over the source");
    await Deno.mkdir(`${folder}/linked.zarr`);
    await Deno.copyFile(`${folder}/out.zarr/zarr.json`, `${folder}/linked.zarr/zarr.json`);
    await Deno.symlink(`${folder}/out.zarr/0`, `${folder}/linked.zarr/0`);
    await refused(folder, () => deconvolve(folder, "linked.zarr", "out.zarr", "--overwrite"), "lie over the source");
    await Deno.mkdir(`${folder}/chunks.zarr`);
    await Deno.copyFile(`${folder}/out.zarr/0/zarr.json`, `${folder}/chunks.zarr/zarr.json`);
    await Deno.symlink(`${folder}/out.zarr/0/c`, `${folder}/chunks.zarr/c`);
    await refused(folder, () => deconvolve(folder, "chunks.zarr", "out.zarr", "--overwrite"), "lie over the source");
  });
});

Deno.test("a Zarr that is no output of ours is not replaced, and nothing is removed for a plan that cannot be made", async () => {
  await inFolder(async (folder) => {
    const voxels = { shape: SHAPE, chunk: SHAPE, values: patternedVoxels(SHAPE) };
    await writeZarr(`${folder}/theirs.zarr`, voxels);
    await refused(
      folder,
      () => deconvolve(folder, "src.zarr", "theirs.zarr", "--overwrite"),
      "was not written by Clear",
    );
    assertEquals((await deconvolve(folder, "src.zarr", "out.zarr")).status, 0);
    await refused(folder, () => deconvolve(folder, "missing.zarr", "out.zarr", "--overwrite"), "missing.zarr");
    await refused(folder, () => deconvolve(folder, "src.zarr", "out.zarr", "--overwrite", "--memory", "1MiB"), "MiB");
  });
});

Deno.test("a link to an earlier output is overwritten where it leads to", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/disk`);
    assertEquals((await deconvolve(folder, "src.zarr", "disk/out.zarr")).status, 0);
    await Deno.symlink(`${folder}/disk/out.zarr`, `${folder}/out.zarr`);
    const { status, err } = await deconvolve(folder, "src.zarr", "out.zarr", "--overwrite");
    assertEquals(status, 0, err);
    assert((await Deno.lstat(`${folder}/out.zarr`)).isSymlink);
    assertEquals((await runCli(["info", `${folder}/disk/out.zarr`])).status, 0);
  });
});

Deno.test("a PSF is never written over what it is made from", async () => {
  await inFolder(async (folder) => {
    const generate = ["psf", "generate", `${folder}/a.zarr`, "--model", "gaussian", "--fwhm", "0.5,0.5,0.5"];
    assertEquals((await runCli([...generate, "--voxel", "0.1,0.1,0.1"])).status, 0);
    await Deno.symlink(`${folder}/a.zarr`, `${folder}/b.zarr`);
    const resample = [
      "psf",
      "resample",
      `${folder}/a.zarr`,
      `${folder}/b.zarr`,
      "--voxel",
      "0.2,0.2,0.2",
      "--overwrite",
    ];
    await refused(folder, () => runCli(resample), "lie over the input");
    const theirs = [
      "psf",
      "resample",
      `${folder}/a.zarr`,
      `${folder}/src.zarr`,
      "--voxel",
      "0.2,0.2,0.2",
      "--overwrite",
    ];
    await refused(folder, () => runCli(theirs), "is no PSF that Clearstack has written");
  });
});
