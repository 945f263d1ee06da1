/** Results and messages whose reader is gone, as behind `| head -1`. */
import { assertEquals } from "@std/assert";
import { writeZarr3 } from "../../fixtures/zarr3.ts";

const ROOT = new URL("../../../", import.meta.url);
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
