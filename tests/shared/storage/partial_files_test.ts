/** What writers that died have left, and links that lead nowhere. */
import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { exists } from "../../functions/cli/run_cli.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../functions/sample_image.ts";
import { runCli } from "../../functions/cli/run_cli.ts";
import { openStore } from "../../stores.ts";

async function inFolder(test: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-partial-" });
  try {
    await test((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const left = (path: string) => Deno.writeTextFile(path, "half");

Deno.test("what dead writers left of an object is removed, what is being written and what is another's stays", async () => {
  await inFolder(async (path) => {
    const others = ["b.tif.partial", "a.tif.old.partial", "a.tif", "notes.partial"];
    const dead = ["a.tif.partial", "a.tif.0123abcd.partial"];
    for (const name of [...others, ...dead]) await left(path(name));
    using living = await Deno.open(path("a.tif.89abcdef.partial"), { create: true, write: true });
    await living.lock(true);
    await openStore(path("")).deletePartials!("a.tif");
    const names = (await Array.fromAsync(Deno.readDir(path("")))).map(({ name }) => name);
    assertEquals(names.sort(), [...others, "a.tif.89abcdef.partial"].sort());
  });
});

Deno.test("below a folder they are removed at any depth, and a folder that is not there is no error", async () => {
  await inFolder(async (path) => {
    await Deno.mkdir(path("out/0/c"), { recursive: true });
    for (const name of ["out/zarr.json.0123abcd.partial", "out/0/c/1.0123abcd.partial", "out/0/c/1"]) {
      await left(path(name));
    }
    await openStore(path("out")).deletePartials!("");
    await openStore(path("none")).deletePartials!("");
    assertEquals(await exists(path("out/zarr.json.0123abcd.partial")), false);
    assertEquals((await Array.fromAsync(Deno.readDir(path("out/0/c")))).map(({ name }) => name), ["1"]);
  });
});

for (const flag of ["--resume", "--overwrite"]) {
  Deno.test(`what a killed run has left in an output is gone after ${flag}`, async () => {
    await inFolder(async (path) => {
      await writeZarr(path("a.zarr"), { shape: [4, 8, 8], chunk: [4, 8, 8], values: patternedVoxels([4, 8, 8]) });
      await writePsf(path("psf.zarr"));
      const job = ["deconvolve", path("a.zarr"), path("out.zarr"), "--psf", path("psf.zarr"), "--backend", "cpu"];
      assertEquals((await runCli([...job, "--iterations", "1"])).status, 0);
      // As a run leaves it that is killed before its end.
      await Deno.remove(path("out.zarr/.clearstack/done.json"));
      const remains = [
        "zarr.json.0123abcd.partial",
        "0/zarr.json.0123abcd.partial",
        ".clearstack/job.json.0123abcd.partial",
      ];
      for (const name of remains) await left(path(`out.zarr/${name}`));
      const { status, err } = await runCli([...job, "--iterations", "1", flag]);
      assertEquals([status, ...await Promise.all(remains.map((name) => exists(path(`out.zarr/${name}`))))], [
        ...[0, false, false, false],
      ], err);
    });
  });
}

Deno.test("a link that leads nowhere is named as such, to be read or to be written", async () => {
  await inFolder(async (path) => {
    for (const name of ["a.zarr", "a.tif", "chunk"]) await Deno.symlink(path("gone"), path(name));
    const told = (name: string) =>
      `${path(name)} is a link to ${path("gone")}, which does not exist: make what it leads to`;
    const store = openStore(path(""));
    for (const read of [() => store.get("chunk"), () => store.head("chunk")]) {
      assertEquals((await assertRejects(read, ClearstackError, told("chunk"))).kind, "corrupt-data");
    }
    await writeZarr(path("image.zarr"), { shape: [4, 8, 8], chunk: [4, 8, 8], values: patternedVoxels([4, 8, 8]) });
    await writePsf(path("psf.zarr"));
    for (const name of ["a.zarr", "a.tif"]) {
      const job = ["deconvolve", path("image.zarr"), path(name), "--psf", path("psf.zarr"), "--backend", "cpu"];
      const { status, err } = await runCli(job);
      assertEquals([status, err.includes(told(name))], [2, true], err);
      const source = await runCli(["info", path(name)]);
      assertEquals([source.status, source.err.includes(told(name))], [2, true], source.err);
    }
  });
});
