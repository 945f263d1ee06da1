/**
 * Runs the commands of README.md, so that it cannot promise what does not work. Blocks that open with ```sh run are run, in order,
 * each in a shell of its own, in a copy of the working tree that is removed afterwards; `deno` is the one that runs this.
 *
 *     deno run -A infra/readme_commands.ts
 */
import { dirname, join } from "@std/path";

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);
const LONGEST_BLOCK_MILLISECONDS = 10 * 60_000;

/** The commands of each block that opens with ```sh run, in order. */
export function readmeCommands(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh run[^\S\n]*\n(.*?)^```$/gms)].map((block) => block[1]);
}

/** Copies what git tracks, or would track, so that commands can write without a trace. */
async function copyTree(target: string): Promise<void> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await new Deno.Command("git", { args, cwd: ROOT }).output();
  for (const path of new TextDecoder().decode(stdout).split("\0").filter(Boolean)) {
    await Deno.mkdir(dirname(join(target, path)), { recursive: true });
    await Deno.copyFile(join(ROOT, path), join(target, path));
  }
}

/** Runs one block; stops it where it takes too long. */
async function runBlock(commands: string, cwd: string, path: string): Promise<boolean> {
  const { success } = await new Deno.Command("bash", {
    args: ["-euxo", "pipefail", "-c", commands],
    cwd,
    env: { PATH: path },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    signal: AbortSignal.timeout(LONGEST_BLOCK_MILLISECONDS),
  }).output();
  return success;
}

async function main(): Promise<number> {
  const blocks = readmeCommands(await Deno.readTextFile(join(ROOT, "README.md")));
  const scratch = await Deno.makeTempDir({ prefix: "clearstack-readme-" });
  try {
    const [tree, programs] = [join(scratch, "tree"), join(scratch, "bin")];
    await copyTree(tree);
    await Deno.mkdir(programs);
    await Deno.symlink(Deno.execPath(), join(programs, "deno"));
    for (const [index, block] of blocks.entries()) {
      console.log(`README block ${index + 1} of ${blocks.length}`);
      if (await runBlock(block, tree, `${programs}:${Deno.env.get("PATH")}`)) continue;
      console.error(`README.md: this block fails:\n${block}`);
      return 1;
    }
    console.log(`${blocks.length} blocks of README.md work as they say`);
    return blocks.length > 0 ? 0 : 1;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
