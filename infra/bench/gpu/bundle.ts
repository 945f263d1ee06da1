/**
 * `deno run -A infra/bench/gpu/bundle.ts FOLDER`: writes the GPU benchmark, the command line, and what they start as plain
 * JavaScript, so that they run on a machine that reaches no package registry: `deno run -A FOLDER/bench.js`.
 */
import { join } from "@std/path";

const ROOT = new URL("../../../", import.meta.url);

/** Modules to bundle, by the name of their file. */
const ENTRIES = {
  "bench.js": "infra/bench/gpu/bench.ts",
  "cli.js": "functions/cli/main.ts",
  "tile.js": "functions/deconvolve/main.ts",
  "webgpu_worker.js": "kernels/webgpu/worker/worker.ts",
  "cpu_worker.js": "kernels/cpu/threads/worker.ts",
  "codec_worker.js": "shared/codec/threads/codec_worker.ts",
} as const;

/** Names that files use for each other in the checkout and in the bundle. The kernels' Workers are both called worker.ts. */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/new URL\("\.\/worker\.ts", import\.meta\.url\)(?=, \{[^}]*name: "webgpu")/g, "webgpu_worker.js"],
  [/new URL\("\.\/worker\.ts", import\.meta\.url\)/g, "cpu_worker.js"],
  [/new URL\("\.\/codec_worker\.ts", import\.meta\.url\)/g, "codec_worker.js"],
  [/new URL\("\.\.\/deconvolve\/main\.ts", import\.meta\.url\)/g, "tile.js"],
];

export async function bundleBenchmark(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const file = join(folder, name);
    const args = ["bundle", "--quiet", "--platform", "deno", "--output", file, entry];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdout: "null" }).output();
    if (code !== 0) throw new Error(`bundling ${entry} failed: ${new TextDecoder().decode(stderr)}`);
    const bundled = RENAMED.reduce(
      (code, [pattern, target]) => code.replaceAll(pattern, `new URL("./${target}", import.meta.url)`),
      await Deno.readTextFile(file),
    );
    await Deno.writeTextFile(file, bundled);
  }
  await Deno.copyFile(new URL("./peers_cupy.py", import.meta.url), join(folder, "peers_cupy.py"));
}

if (import.meta.main) await bundleBenchmark(Deno.args[0] ?? "out/bench");
