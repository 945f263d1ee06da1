import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { writeBundle } from "../../../infra/bundle/write_bundle.ts";
import { FUNCTIONS } from "../../../infra/deno_config.ts";
import { slowTest } from "../../test_unless.ts";

/**
 * KiB that a module may load at its start, and in all: a fifth more than it was when this was written. What goes beyond has been
 * imported by more than what needs it; where it has to, raise the bound.
 */
const BOUNDS: Readonly<Record<string, readonly [start: number, whole: number]>> = {
  api: [620, 690],
  orchestrate: [840, 5600],
  deconvolve: [610, 2750],
  pyramid: [530, 2700],
  view: [750, 2850],
  clearstack: [10, 3500],
  permission_flags: [10, 10],
  shared_codec_threads_codec_worker: [24, 24],
  functions_orchestrate_plan_judge_psf_worker: [40, 40],
  kernels_webgpu_worker_worker: [70, 70],
  kernels_cpu_threads_worker: [20, 20],
};

slowTest(
  "the bundle has every function within bounds of size, with its permissions, its packages and their licences",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-bundle-" });
    try {
      const { sizes } = await writeBundle(folder);
      const json = async (name: string) => JSON.parse(await Deno.readTextFile(join(folder, name)));
      assertEquals(await json("sizes.json"), sizes);
      assertEquals(sizes.map(({ name }) => name).sort(), Object.keys(BOUNDS).sort());
      for (const { name, start, whole } of sizes) {
        const kibibytes = [start, whole].map(({ bytes }) => Math.round(bytes / 1024));
        assert(
          kibibytes.every((size, i) => size <= BOUNDS[name]![i]!),
          `${name}: ${kibibytes} KiB, not ${BOUNDS[name]}`,
        );
      }

      const { permissions, tasks } = await json("deno.json");
      for (const name of FUNCTIONS) assert(permissions[name] && tasks[`serve:${name}`].includes(`${name}.js`), name);

      const { components } = await json("sbom.json");
      const scopes = new Map<string, string>(
        components.map(({ name, scope }: Record<string, string>) => [name, scope]),
      );
      assertEquals(["hono", "zod", "numcodecs", "jose"].map((name) => scopes.get(name)), Array(4).fill("required"));
      assertEquals(["fast-check", "typescript", "esbuild"].map((name) => scopes.get(name)), Array(3).fill("excluded"));
      const licences = await Deno.readTextFile(join(folder, "LICENSES.txt"));
      assert(licences.includes("zod@") && !licences.includes("fast-check@"));

      // Again into the same folder, which is its own.
      await writeBundle(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("a folder that holds anything else is left as it is", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "thesis.txt"), "precious");
  await assertRejects(() => writeBundle(folder), Error, "name an empty or new folder");
  assertEquals(await Deno.readTextFile(join(folder, "thesis.txt")), "precious");
  await Deno.remove(folder, { recursive: true });
});
