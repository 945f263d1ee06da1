/** The kernels leave Deno behind: their modules, and those of their Workers, are bundled for browsers, and run without it. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../../infra/bundle/bundle.ts";

const ROOT = new URL("../../../", import.meta.url);

/** What a page loads, and the Workers that it starts, by the name that each gets beside the others. */
const ENTRIES = {
  "kernels": "functions/library/kernels.ts",
  "kernels_cpu_threads_worker": "kernels/cpu/threads/worker.ts",
  "kernels_webgpu_worker_worker": "kernels/webgpu/worker/worker.ts",
} as const;

const folder = await Deno.makeTempDir({ prefix: "clearstack-browser-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const modules = await bundle({ entryPoints: { kernels: ENTRIES.kernels }, outDir: folder, platform: "browser" });

interface Graph {
  readonly roots: readonly string[];
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
  }[];
}

/** Modules that are loaded, of a graph that also holds those that only lend their types. */
function loadedModules({ roots, modules }: Graph): string[] {
  const loaded = new Set(roots);
  for (const specifier of loaded) {
    const { dependencies = [] } = modules.find((module) => module.specifier === specifier) ?? {};
    for (const { code } of dependencies) if (code) loaded.add(code.specifier);
  }
  return [...loaded];
}

Deno.test("no module of the kernels names Deno, Node or a package", async () => {
  assertEquals(modules.map(({ name }) => name).sort(), Object.keys(ENTRIES).sort());
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const args = ["info", "--json", entry];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
    const loaded = loadedModules(JSON.parse(new TextDecoder().decode(stdout)));
    assert(loaded.length > 5, entry);
    const foreign = loaded.filter((specifier) =>
      !specifier.startsWith(`${ROOT.href}kernels/`) && !specifier.startsWith(`${ROOT.href}shared/`) &&
      specifier !== `${ROOT.href}functions/library/kernels.ts`
    );
    assertEquals(foreign, [], entry);
    // Minified, so that comments and the names of types are gone.
    const bundled = await Deno.readTextFile(`${folder}/${name}.js`);
    assertEquals(/\bDeno\b(?! 2)|\bnode:|\bprocess\.|\brequire\(/.exec(bundled)?.[0], undefined, name);
  }
});

Deno.test("the bundle computes where there is no Deno", async () => {
  const worker = `${folder}/kernels_cpu_threads_worker.js`;
  await Deno.writeTextFile(worker, `delete globalThis.Deno;${await Deno.readTextFile(worker)}`);
  await Deno.writeTextFile(
    `${folder}/page.js`,
    `delete globalThis.Deno;
     const { createDeconvolver, fastBox } = await import("./kernels.js");
     const box = fastBox([8, 15, 15]);
     const psf = { shape: [1, 1, 3], values: new Float32Array([1, 2, 1]) };
     const deconvolver = await createDeconvolver("cpu", { box, psf });
     const { estimate } = await deconvolver.run(new Float32Array(8 * 15 * 16).fill(5), { iterations: 2 });
     await deconvolver.close();
     console.log(typeof Deno, box.join(), Math.round(estimate[0]));`,
  );
  const args = ["run", "--no-config", "--allow-read", `${folder}/page.js`];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(new TextDecoder().decode(stdout), "undefined 8,15,16 5\n");
});
