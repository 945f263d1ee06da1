/**
 * `deno run -A infra/bench/gpu/bundle.ts FOLDER`: writes the GPU benchmark, the command line, and what they start as plain
 * JavaScript, so that they run on a machine that reaches no package registry: `deno run -A FOLDER/bench.js`.
 */
import { join } from "@std/path";
import { bundle } from "../../bundle/bundle.ts";

export async function bundleBenchmark(folder: string): Promise<void> {
  const entryPoints = { bench: "infra/bench/gpu/bench.ts", cli: "functions/cli/main.ts" };
  await bundle({ entryPoints, outDir: folder, platform: "deno" });
  await Deno.copyFile(new URL("./peers_cupy.py", import.meta.url), join(folder, "peers_cupy.py"));
}

if (import.meta.main) await bundleBenchmark(Deno.args[0] ?? "out/bench");
