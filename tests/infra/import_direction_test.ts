import { assertEquals, assertStringIncludes } from "@std/assert";
import plugin from "../../infra/lint/import_direction.ts";

/** Ids of the rules that `source` breaks when it stands at `path` of the project. */
function broken(path: string, source: string): string[] {
  const file = decodeURIComponent(new URL(`../../${path}`, import.meta.url).pathname);
  return Deno.lint.runPlugin(plugin, file, source).map((found) => found.id);
}

const DIRECTION = ["architecture/direction"];
const EDGES = ["architecture/edges"];

const WRONG_WAY: [path: string, source: string][] = [
  ["shared/plan/plan_job.ts", `import { a } from "kernels/deconvolver.ts";`],
  ["shared/plan/plan_job.ts", `import { a } from "../../kernels/deconvolver.ts";`],
  ["shared/image/x.ts", `export * from "functions/api/app.ts";`],
  ["shared/image/x.ts", `export { a } from "functions/api/app.ts";`],
  ["kernels/cpu/x.ts", `import type { A } from "shared/contract.ts";`],
  ["kernels/cpu/x.ts", `import { a } from "shared/storage/store.ts";`],
  ["kernels/backend.ts", `const a = await import("functions/cli/main.ts");`],
  ["kernels/backend.ts", `type A = import("shared/contract.ts").A;`],
  ["kernels/cpu/x.ts", `new Worker(new URL("../../functions/cli/worker.ts", import.meta.url), { type: "module" });`],
  ["functions/api/app.ts", `import { a } from "functions/orchestrate/app.ts";`],
  ["functions/api/app.ts", `import { a } from "../cli/main.ts";`],
  ["functions/api/app.ts", `import { a } from "functions/library/deconvolve.ts";`],
  ["functions/orchestrate/app.ts", `const a = await import("functions/library/run_local.ts");`],
  ["functions/orchestrate/app.ts", `import { deconvolve } from "@clearstack/clearstack";`],
  ["shared/image/x.ts", `import { deconvolve } from "@clearstack/clearstack";`],
  ["kernels/cpu/x.ts", `import { createDeconvolver } from "@clearstack/clearstack/kernels";`],
  ["functions/library/deconvolve.ts", `import { a } from "functions/cli/main.ts";`],
  ["functions/cli/commands/serve.ts", `import { a } from "functions/api/app.ts";`],
  ["functions/cli/commands/serve.ts", `const a = await import("functions/orchestrate/run/run_job.ts");`],
  ["functions/cli/commands/serve.ts", `import type { A } from "functions/deconvolve/compute_tile.ts";`],
  ["functions/cli/demo/demo.ts", `import { a } from "../../../infra/oracles/x.ts";`],
];

const RIGHT_WAY: [path: string, source: string][] = [
  ["shared/plan/plan_job.ts", `import { a } from "./geometry.ts"; import { z } from "zod";`],
  ["kernels/cpu/x.ts", `import { a } from "shared/volume/geometry.ts"; import b from "shared/errors.ts";`],
  [
    "kernels/webgpu/x.ts",
    `import { a } from "shared/plan/fast_size.ts"; new Worker(new URL("./y.ts", import.meta.url));`,
  ],
  ["functions/deconvolve/app.ts", `import { a } from "kernels/backend.ts"; import { b } from "shared/contract.ts";`],
  ["functions/deconvolve/app.ts", `import { a } from "./compute_tile.ts";`],
  ["functions/cli/commands/serve.ts", `import { a } from "functions/library/start_service.ts";`],
  ["functions/library/start_service.ts", `import { a } from "functions/api/app.ts";`],
  ["functions/library/tile_process.ts", `new URL("../deconvolve/main.ts", import.meta.url);`],
  ["tests/x_test.ts", `import { deconvolve } from "@clearstack/clearstack";`],
  ["infra/bench/x.ts", `import { a } from "functions/cli/main.ts"; import b from "../reference/model.ts";`],
  ["tests/x_test.ts", `import { a } from "../infra/lint/x.ts"; import { b } from "shared/plan/plan_job.ts";`],
];

Deno.test("an import that points the wrong way is reported", () => {
  for (const [path, source] of WRONG_WAY) assertEquals(broken(path, source), DIRECTION, `${path}: ${source}`);
});

Deno.test("an import that points the right way is not reported", () => {
  for (const [path, source] of RIGHT_WAY) assertEquals(broken(path, source), [], `${path}: ${source}`);
});

Deno.test("the environment is read in main.ts, infra and tests only", () => {
  for (const source of [`Deno.env.get("A")`, `Deno["env"].get("A")`, `globalThis.Deno.env`, `const { env } = Deno;`]) {
    assertEquals(broken("functions/cli/commands/deconvolve.ts", source), EDGES, source);
    assertEquals(broken("shared/engine/main.ts", source), EDGES, source);
    assertEquals(broken("functions/api/main.ts", source), [], source);
    assertEquals(broken("infra/bench/x.ts", source), [], source);
    assertEquals(broken("tests/x_test.ts", source), [], source);
  }
  assertEquals(broken("shared/plan/plan_job.ts", `import process from "node:process"; process.env.A;`), EDGES);
});

Deno.test("a port is opened in main.ts and in the files that serve only", () => {
  const source = `Deno.serve({ port: 0 }, app.fetch)`;
  assertEquals(broken("functions/api/app.ts", source), EDGES);
  assertEquals(broken("functions/cli/commands/deconvolve.ts", source), EDGES);
  assertEquals(broken("functions/cli/commands/serve.ts", source), EDGES);
  assertEquals(broken("functions/library/deconvolve.ts", source), EDGES);
  assertEquals(broken("functions/library/listen.ts", source), []);
  assertEquals(broken("functions/orchestrate/main.ts", source), []);
});

Deno.test("the GPU is reached from one file", () => {
  for (const source of [`await navigator.gpu.requestAdapter()`, `const { gpu } = navigator;`]) {
    assertEquals(broken("kernels/webgpu/passes.ts", source), EDGES, source);
    assertEquals(broken("tests/kernels/x_test.ts", source), EDGES, source);
    assertEquals(broken("kernels/webgpu/device/gpu_device.ts", source), [], source);
  }
});

Deno.test("the report says which way imports point", () => {
  const file = decodeURIComponent(new URL("../../shared/plan/plan_job.ts", import.meta.url).pathname);
  const [found] = Deno.lint.runPlugin(plugin, file, `import "kernels/backend.ts";`);
  assertStringIncludes(found.message, "shared <- kernels <- functions <- infra, tests");
});
