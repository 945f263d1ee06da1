/** The packages of deno.lock in a folder of their own, laid out as bundlers and licence readers look for them. */
import { fromFileUrl, join } from "@std/path";
import config from "../../deno.json" with { type: "json" };

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** Megabytes of programs, which no bundle holds. */
const PROGRAMS = ["@restatedev/restate-server", "@restatedev/restate-server/"];

/** Installations under way or done in this process, by their folders. */
const installed = new Map<string, Promise<void>>();

/**
 * Puts the packages into `node_modules` of a folder below .cache, which is kept for as long as deno.lock stays as it is.
 *
 * @returns the folder
 * @throws {Error} with what Deno says, such as that the registry does not answer
 */
export async function installPackages(): Promise<string> {
  const lock = await Deno.readTextFile(join(ROOT, "deno.lock"));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lock));
  const folder = join(ROOT, ".cache", "packages", new Uint8Array(digest).toHex().slice(0, 16));
  if (!installed.has(folder)) installed.set(folder, install(folder, lock));
  await installed.get(folder);
  return folder;
}

async function install(folder: string, lock: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  // Held until the file is closed, so that processes that need the packages at once wait for the first.
  using turn = await Deno.open(join(folder, "turn"), { create: true, write: true });
  await turn.lock(true);
  const done = join(folder, "done");
  if (await Deno.stat(done).then(() => true, () => false)) return;
  const imports = Object.fromEntries(
    Object.entries(config.imports).filter(([name, target]) => target.startsWith("npm:") && !PROGRAMS.includes(name)),
  );
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ imports, nodeModulesDir: "auto" }));
  await Deno.writeTextFile(join(folder, "deno.lock"), lock);
  // Not frozen, since the lock loses the programs; everything else keeps its version and its hash.
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen=false"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(`deno install in ${folder}: ${new TextDecoder().decode(stderr)}`);
  await Deno.writeTextFile(done, "");
}
