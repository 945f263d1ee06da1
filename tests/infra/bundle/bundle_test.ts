import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { bundle } from "../../../infra/bundle/bundle.ts";

const folder = await Deno.makeTempDir({ prefix: "clearstack-bundle-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

async function writeModule(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("a module starts its threads from files beside its own, and each is bundled once", async () => {
  const outDir = join(folder, "threads");
  const entryPoints = { pool: "kernels/cpu/threads/worker_pool.ts", tiles: "functions/library/tile_process.ts" };
  const files = await bundle({ entryPoints, outDir, platform: "deno" });
  const started = files.map(({ name, starts }) => [name, ...starts]);
  assertEquals(started.slice(0, 3), [
    ["pool", "kernels_cpu_threads_worker"],
    ["tiles", "functions_deconvolve_main"],
    ["kernels_cpu_threads_worker"],
  ]);
  for (const path of files.flatMap(({ startFiles, laterFiles }) => [...startFiles, ...laterFiles])) {
    const text = await Deno.readTextFile(path);
    const urls = text.matchAll(/new URL\("([^"]+)",import\.meta\.url\)/g).map(([, url]) => url!).toArray();
    for (const url of urls) assert((await Deno.stat(join(outDir, url))).isFile, `${path} starts ${url}`);
    assert((await Deno.stat(`${path}.map`)).isFile);
  }
});

Deno.test("a bundle runs without configuration, packages and network, and only its entry is the main module", async () => {
  const other = await writeModule(
    "other.ts",
    `if (import.meta.main) console.log("the other one");\nexport const a = 1;`,
  );
  const entry = await writeModule(
    "entry.ts",
    `import { a } from "${other}";
     import { z } from "zod";
     if (import.meta.main) console.log(a, z.number().parse(2));`,
  );
  const [file] = await bundle({ entryPoints: { entry }, outDir: join(folder, "run"), platform: "deno" });
  assertEquals(file!.packages, ["zod@4.6.7"]);
  const args = ["run", "--no-config", "--cached-only", "--no-npm", file!.startFiles[0]!];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { DENO_DIR: join(folder, "empty") } })
    .output();
  assertEquals([new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)], ["1 2\n", ""]);
});

Deno.test("what only Deno and Node have is refused in a bundle for browsers, and a missing module in any", async () => {
  const node = await writeModule("node.ts", `import { readFileSync } from "node:fs";\nconsole.log(readFileSync);`);
  const outDir = join(folder, "refused");
  await assertRejects(() => bundle({ entryPoints: { node }, outDir, platform: "browser" }), Error, "node:fs");
  const missing = await writeModule("missing.ts", `import "./nowhere.ts";`);
  await assertRejects(() => bundle({ entryPoints: { missing }, outDir, platform: "deno" }), Error, "./nowhere.ts");
});
