/** The process may die at any time: nothing is lost, and nothing that was finished is done again. */
import { assert, assertEquals } from "@std/assert";
import { keysBelow, recordedTiles } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { exists } from "./run_cli.ts";
import { slowTest } from "../../test_unless.ts";

const ROOT = new URL("../../../", import.meta.url);
const TILES = 18;

/** Starts the command line in a process of its own. */
function start(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "functions/cli/main.ts", "deconvolve", ...args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finish(args: readonly string[]) {
  const { code, stdout, stderr } = await start(args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  return JSON.parse(text(stdout));
}

/** Stored objects of all levels. */
async function voxels(output: string): Promise<Map<string, Uint8Array>> {
  const keys = (await keysBelow(output)).filter((key) => /^\d+\//.test(key));
  return new Map(await Promise.all(keys.map(async (key) => [key, await Deno.readFile(`${output}/${key}`)] as const)));
}

slowTest(
  "a job killed in the middle is completed by the same command, to the bytes of an undisturbed run",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-kill-" });
    try {
      const shape = [20, 40, 36];
      await writeZarr(`${folder}/image.zarr`, { shape, chunk: [7, 16, 16], values: patternedVoxels(shape) });
      await writePsf(`${folder}/psf.zarr`);
      const argsFor = (output: string) => [
        ...[`${folder}/image.zarr`, output, "--psf", `${folder}/psf.zarr`, "--backend", "cpu"],
        // Enough iterations that the process is still at work when a few tiles are done.
        ...["--iterations", "200", "--tile", "10,16,16", "--halo", "4,8,8", "--json", "--quiet"],
      ];
      const [killed, undisturbed] = [`${folder}/killed.zarr`, `${folder}/undisturbed.zarr`];

      const process = start(argsFor(killed));
      while (!(await exists(killed)) || (await recordedTiles(killed)).length < 3) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      process.kill("SIGKILL");
      await process.output();
      const kept = (await recordedTiles(killed)).length;
      assert(kept >= 3 && kept < TILES, `${kept} tiles were done when the process died`);
      assertEquals(await exists(`${killed}/zarr.json`), false, "an unfinished output looked finished");

      const resumed = await finish(argsFor(killed));
      assertEquals([resumed.tiles, resumed.tilesComputed], [TILES, TILES - kept]);
      await finish(argsFor(undisturbed));
      assertEquals(await voxels(killed), await voxels(undisturbed));
      assertEquals(await exists(`${killed}/zarr.json`), true);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** Records of tiles of the second coarser level. */
const SECOND_LEVEL = /^\.clearstack\/levels\/(.+\/)?2\//;

slowTest("a job killed while it writes coarser levels goes on with those tiles that have no record", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-kill-" });
  try {
    // A tile of the second coarser level for each of very many volumes; the first is written with the tiles.
    const shape = [200, 1, 8, 600];
    await writeZarr(`${folder}/image.zarr`, { shape, chunk: [1, 1, 8, 600], values: patternedVoxels(shape) });
    await writePsf(`${folder}/psf.zarr`, [1, 3, 3]);
    const argsFor = (output: string) => [
      ...[`${folder}/image.zarr`, output, "--psf", `${folder}/psf.zarr`, "--backend", "cpu", "--iterations", "1"],
      ...["--json", "--quiet"],
    ];
    const [killed, undisturbed] = [`${folder}/killed.zarr`, `${folder}/undisturbed.zarr`];
    const records = async () =>
      await exists(killed) ? (await keysBelow(killed)).filter((key) => SECOND_LEVEL.test(key)) : [];

    const process = start(argsFor(killed));
    while ((await records()).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill("SIGKILL");
    await process.output();
    const kept = await records();
    assert(kept.length < shape[0]!, "the level was complete when the process died");
    assertEquals(await exists(`${killed}/zarr.json`), false, "an unfinished output looked finished");
    const whenWritten = async () => {
      return await Promise.all(kept.map(async (key) => (await Deno.stat(`${killed}/${key}`)).mtime));
    };
    const before = await whenWritten();

    assertEquals((await finish(argsFor(killed))).tilesComputed, 0);
    assertEquals([await whenWritten(), (await records()).length], [before, shape[0]]);
    await finish(argsFor(undisturbed));
    assertEquals(await voxels(killed), await voxels(undisturbed));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

slowTest(
  "a job killed at its first write, or as it removes what it overwrites, is completed by the same command",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-kill-" });
    try {
      const shape = [10, 20, 36];
      await writeZarr(`${folder}/image.zarr`, { shape, chunk: [7, 16, 16], values: patternedVoxels(shape) });
      await writePsf(`${folder}/psf.zarr`);
      const argsFor = (output: string, iterations: number, ...flags: string[]) => [
        ...[`${folder}/image.zarr`, output, "--psf", `${folder}/psf.zarr`, "--backend", "cpu"],
        ...["--iterations", `${iterations}`, "--tile", "10,16,16", "--halo", "4,8,8", "--json", "--quiet", ...flags],
      ];
      const killOnce = async (args: readonly string[], when: () => Promise<boolean>) => {
        const process = start(args);
        while (!(await when())) await new Promise((resolve) => setTimeout(resolve, 1));
        process.kill("SIGKILL");
        await process.output();
      };
      const [killed, undisturbed] = [`${folder}/killed.zarr`, `${folder}/undisturbed.zarr`];
      await killOnce(argsFor(killed, 3), () => exists(`${killed}/.clearstack`));
      await finish(argsFor(killed, 3));
      await finish(argsFor(undisturbed, 3));
      assertEquals(await voxels(killed), await voxels(undisturbed));

      const gone = async () => !(await exists(`${killed}/.clearstack/done.json`));
      await killOnce(argsFor(killed, 4, "--overwrite"), gone);
      assertEquals(await exists(`${killed}/.clearstack/done.json`), false);
      await finish(argsFor(killed, 4, "--overwrite"));
      await finish(argsFor(undisturbed, 4, "--overwrite"));
      assertEquals(await voxels(killed), await voxels(undisturbed));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
