import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decode } from "fast-png";
import { peakSignalToNoise } from "functions/cli/demo/demo_quality.ts";
import { exists, runCli } from "../run_cli.ts";
import { slowTest } from "../../../test_unless.ts";

async function inTemporaryFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-demo-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

slowTest(
  "the demo restores its sample, draws it, and replaces only what an earlier demo wrote",
  () =>
    inTemporaryFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/.clearstack-demo`, "");
      await Deno.mkdir(`${folder}/deconvolved.zarr/0`, { recursive: true });
      await Deno.writeTextFile(`${folder}/notes.txt`, "the user's own");

      const { status, out, err } = await runCli(["demo", "--dir", folder, "--iterations", "8", "--backend", "cpu"]);
      assertEquals([status, err.includes("error")], [0, false], err);
      const [, before, after] = /before ([\d.]+) dB, after ([\d.]+) dB/.exec(out)!.map(Number);
      // Eight accelerated iterations gain 1.6 dB; an estimate that is shifted by a voxel loses some instead.
      assert(after > before + 1, out);
      assertStringIncludes(out, `${folder}/deconvolved.zarr`);
      for (const name of ["slice.png", "projection.png"]) {
        const { width, height, data } = decode(await Deno.readFile(`${folder}/${name}`));
        assertEquals([width, height], [1592, 927]);
        assert(new Set(data).size > 100, `${name} has few colors`);
      }
      assertEquals(await Deno.readTextFile(`${folder}/notes.txt`), "the user's own");
      assert(await exists(`${folder}/deconvolved.zarr/zarr.json`));
    }),
);

Deno.test("the demo leaves a folder alone that holds something else", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/sample.zarr`);
    const { status, err } = await runCli(["demo", "--dir", folder]);
    assertEquals([status, err.split("\n").length], [2, 2]);
    assertStringIncludes(err, "--dir");
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["sample.zarr"]);
  }));

Deno.test("the demo refuses a folder that is a file", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const { status, err } = await runCli(["demo", "--dir", `${folder}/file`]);
    assertEquals([status, err.split("\n").length], [2, 2], err);
  }));

Deno.test("the signal-to-noise ratio follows its definition and ignores brightness", () => {
  const truth = [0, 10, 0, 0];
  const image = [1, 10, 0, 1];
  // a = 100 / 102, residual = 100 - 100^2 / 102 = 1.9608 over 4 voxels, peak 10.
  const expected = 10 * Math.log10(100 * 4 / (100 - 10000 / 102));
  assertEquals(peakSignalToNoise(image, truth).toFixed(9), expected.toFixed(9));
  assertEquals(peakSignalToNoise(image.map((value) => value * 7), truth).toFixed(9), expected.toFixed(9));
  assert(peakSignalToNoise([1, 10, 0, 2], truth) < expected);
});

Deno.test({
  name: "a folder that cannot be written to is told in one line, with the mend",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { status, err } = await runCli(["demo", "--dir", "/proc/clearstack-demo"]);
    assertEquals(status, 2, err);
    assert(
      /^clearstack: \/proc\/clearstack-demo cannot be written to \([^\n]+\): give another folder with --dir\n$/.test(
        err,
      ),
      err,
    );
  },
});
