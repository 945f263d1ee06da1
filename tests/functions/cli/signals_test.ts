/** Signals and closed pipes that end a command which runs by itself. */
import { assert, assertEquals } from "@std/assert";
import { recordedTiles } from "../identity_jobs.ts";
import { writeZarr3 } from "../../fixtures/zarr3.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { exists } from "./run_cli.ts";

const ROOT = new URL("../../../", import.meta.url);
const TILES = 18;

/** Starts a job that is at work for a while, in a folder of its own, and waits for its first tile. */
async function withJob(
  before: readonly string[],
  use: (process: Deno.ChildProcess) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-signals-" });
  try {
    const shape = [20, 40, 36];
    await writeZarr(`${folder}/image.zarr`, { shape, chunk: [7, 16, 16], values: patternedVoxels(shape) });
    await writePsf(`${folder}/psf.zarr`);
    const output = `${folder}/output.zarr`;
    const [command, ...args] = [
      ...[...before, Deno.execPath(), "run", "-A", "--no-check", "functions/cli/main.ts", "deconvolve"],
      ...[`${folder}/image.zarr`, output, "--psf", `${folder}/psf.zarr`, "--backend", "cpu", "--iterations", "200"],
      ...["--tile", "10,16,16", "--halo", "4,8,8", "--quiet"],
    ];
    const process = new Deno.Command(command!, { args, cwd: ROOT, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
    while (!(await exists(output)) || (await recordedTiles(output)).length < 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await use(process);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test({
    name: `${signal} ends a job in good order, which says what is kept`,
    ignore: Deno.build.os !== "linux",
    fn: () =>
      withJob([], async (process) => {
        process.kill(signal);
        // A terminal that closes may say so twice, and a wrapper such as npx passes on what the terminal has sent.
        process.kill(signal);
        const { code, stderr } = await process.output();
        const [, kept] = /^clearstack: the job was cancelled; (\d+) of 18 tiles (?:is|are) kept in [^\n]+\n$/
          .exec(new TextDecoder().decode(stderr)) ?? [];
        assertEquals([code, kept !== undefined], [1, true], new TextDecoder().decode(stderr));
        assert(Number(kept) >= 1 && Number(kept) < TILES);
      }),
  });
}

Deno.test({
  name: "a job that was started with nohup goes on when its terminal closes",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withJob(["nohup"], async (process) => {
      process.kill("SIGHUP");
      assertEquals((await process.output()).code, 0);
    }),
});

/** Of a pipe whose reader has gone. */
const folder = await Deno.makeTempDir({ prefix: "clearstack-pipe-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr3(`${folder}/a.zarr`, { shape: [2, 2], chunk: [2, 2], dtype: "uint8", values: new Uint8Array(4) });

/** Says what a command line wrote where somebody reads, `3`, and its exit status; `true` reads nothing and has ended before. */
async function unread(args: string, redirections: string): Promise<string> {
  const cli = `${JSON.stringify(Deno.execPath())} run -A --no-check functions/cli/main.ts`;
  const script = `exec 3>&1; { sleep 0.1; ${cli} ${args} ${redirections}; echo "status $?" >&3; } | true`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", script], cwd: ROOT }).output();
  return new TextDecoder().decode(stdout);
}

const ignore = Deno.build.os === "windows";

for (const args of [`info ${folder}/a.zarr`, `info ${folder}/a.zarr --json`, "help deconvolve"]) {
  Deno.test({
    name: `[${args.replace(folder, "")}] ends without a word when nobody reads its results, as by SIGPIPE`,
    ignore,
    fn: async () => assertEquals(await unread(args, "2>&3"), "status 141\n"),
  });
}

Deno.test({
  name: "errors that nobody reads leave the exit status as it is",
  ignore,
  fn: async () => assertEquals(await unread(`info ${folder}/none.zarr`, "2>&1 >&3"), "status 2\n"),
});
