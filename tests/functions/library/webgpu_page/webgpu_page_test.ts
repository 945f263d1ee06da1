/** The kernels in a browser, whose WebGPU is not the one of Deno: Dawn, which compiles shaders with Tint. */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { createDeconvolver } from "kernels/backend.ts";
import type { DeconvolverOptions, RunOptions } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { bundle } from "../../../../infra/bundle/bundle.ts";
import { browserTest, HAS_BROWSER } from "../../../browser.ts";
import type { Compiled } from "./compile_shaders.ts";

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-webgpu-page-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const origin = HAS_BROWSER ? await serve() : "";

/** With these a page is cross-origin isolated, and may share memory between its Workers. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Bundles the kernels for browsers and serves them: below `/isolated/` to pages that are cross-origin isolated. */
async function serve(): Promise<string> {
  const entryPoints = {
    kernels: "functions/library/kernels.ts",
    compile_shaders: "tests/functions/library/webgpu_page/compile_shaders.ts",
  };
  await bundle({ entryPoints, outDir: folder, platform: "browser" });
  const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const [, isolated, name] = /^(\/isolated)?\/(?:(\w+\.js)|)$/.exec(new URL(url).pathname) ?? [];
    const headers = { "content-type": name ? "text/javascript" : "text/html", ...(isolated ? ISOLATION : {}) };
    const body = name ? await Deno.readTextFile(`${folder}/${name}`) : '<!doctype html><link rel="icon" href="data:,">';
    return new Response(body, { headers });
  });
  return `http://127.0.0.1:${addr.port}`;
}

/** Awaits the value of an expression in the page; programs for it are text, since their types are those of browsers. */
async function valueOf<Value>(page: Page, expression: string): Promise<Value> {
  return await page.evaluate(expression) as Value;
}

const isolationOf = (page: Page) => valueOf(page, "[crossOriginIsolated, typeof SharedArrayBuffer]");

/** Even and odd sides, 2-D, sides of every radix, long lines, and volumes in several buffers. */
const BOXES: readonly { readonly box: Vec3; readonly parts: number }[] = [
  { box: [8, 8, 8], parts: 1 },
  { box: [1, 8, 8], parts: 1 },
  { box: [9, 25, 14], parts: 1 },
  { box: [1, 343, 50], parts: 1 },
  { box: [48, 100, 216], parts: 1 },
  { box: [8, 1024, 8], parts: 1 },
  { box: [16, 15, 2048], parts: 2 },
  { box: [1024, 8, 16], parts: 4 },
];

for (const { box, parts } of BOXES) {
  const inParts = parts > 1 ? ` in ${parts} parts` : "";
  browserTest(`Dawn compiles every shader of the box ${box.join(" x ")}${inParts} without a warning`, async (page) => {
    await page.goto(origin);
    const compiled = `import("/compile_shaders.js").then((own) => own.compileShaders([${box}], ${parts}))`;
    const { shaders, faults, ...cut } = await valueOf<Compiled>(page, compiled);
    assertEquals(cut, { parts });
    // Every stage of a run, in each kind that changes it.
    assertGreater(shaders, 60);
    assertEquals(faults, []);
  }, { webgpu: true });
}

/** What is deconvolved: points on a background, by a blob that is longer on one side along x. */
const BOX: Vec3 = [12, 20, 30];
const PSF = {
  shape: [3, 3, 5],
  values: Float32Array.from(
    { length: 45 },
    (_, i) => [1, 3, 1][Math.floor(i / 15)]! * [1, 2, 1][Math.floor(i / 5) % 3]! * [2, 7, 9, 4, 1][i % 5]!,
  ),
} as const;
const DATA = Float32Array.from({ length: voxelCount(BOX) }, (_, i) => 10 + (i % 97 === 0 ? 1000 : (i * 31) % 17));
const RUN = { iterations: 10 } as const satisfies RunOptions;

/** The same in a page: the estimate, and who computed it. */
const deconvolve = (backend: "cpu" | "webgpu", options: DeconvolverOptions) =>
  `(async () => {
    const { createDeconvolver } = await import("./kernels.js");
    const psf = { shape: [${options.psf.shape}], values: new Float32Array([${options.psf.values}]) };
    const deconvolver = await createDeconvolver("${backend}", { ...${JSON.stringify(options)}, psf });
    const { estimate } = await deconvolver.run(new Float32Array([${DATA}]), ${JSON.stringify(RUN)});
    await deconvolver.close();
    return { adapter: deconvolver.adapter, estimate: [...estimate] };
  })()`;

interface Deconvolved {
  readonly adapter: string;
  readonly estimate: readonly number[];
}

/** Largest difference from the estimate of the CPU backend in this process, in peaks of that. */
async function differenceFromHere(estimate: readonly number[], options: DeconvolverOptions): Promise<number> {
  const deconvolver = await createDeconvolver("cpu", options);
  const { estimate: expected } = await deconvolver.run(DATA, RUN);
  await deconvolver.close();
  assertEquals(estimate.length, expected.length);
  const peak = expected.reduce((most, value) => Math.max(most, value));
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(estimate[i]! - value)), 0) / peak;
}

/** Ten iterations of four transforms each leave some ten roundings to float32, of 6e-8 each; ten times that. */
const TOLERANCE = 1e-5;

/** Without the unmatched projector, which makes more of roundings than the tolerance, on any device. */
const OPTIONS: Readonly<Record<string, DeconvolverOptions>> = {
  "plain": { box: BOX, psf: PSF },
  "with unknown edges and momentum": { box: BOX, psf: PSF, nonCirculant: true, acceleration: "shb" },
  "with all that restrains noise": {
    ...{ box: BOX, psf: PSF, nonCirculant: true, acceleration: "biggs" },
    ...{ totalVariation: 0.002, dampingSigmas: 2 },
  },
};

for (const [name, options] of Object.entries(OPTIONS)) {
  browserTest(`a page without shared memory deconvolves as the CPU here, ${name}`, async (page) => {
    await page.goto(`${origin}/`);
    assertEquals(await isolationOf(page), [false, "undefined"]);
    const { adapter, estimate } = await valueOf<Deconvolved>(page, deconvolve("webgpu", options));
    assertMatch(adapter, /swiftshader/i);
    assertLess(await differenceFromHere(estimate, options), TOLERANCE);
  }, { webgpu: true });
}

browserTest("an isolated page deconvolves on both backends as the CPU here", async (page) => {
  await page.goto(`${origin}/isolated/`);
  assertEquals(await isolationOf(page), [true, "function"]);
  for (const backend of ["cpu", "webgpu"] as const) {
    const { estimate } = await valueOf<Deconvolved>(page, deconvolve(backend, OPTIONS.plain!));
    assertLess(await differenceFromHere(estimate, OPTIONS.plain!), TOLERANCE);
  }
}, { webgpu: true });

browserTest(
  "a page that shares no memory has one thread deconvolve, and one without WebGPU is told what that needs",
  async (page) => {
    await page.goto(`${origin}/`);
    const { adapter, estimate } = await valueOf<Deconvolved>(page, deconvolve("cpu", OPTIONS.plain!));
    assertMatch(adapter, /1 thread$/);
    assertLess(await differenceFromHere(estimate, OPTIONS.plain!), TOLERANCE);
    const refusal = `${
      deconvolve("webgpu", OPTIONS.plain!)
    }.then(() => "", ({ kind, message }) => kind + ": " + message)`;
    assert((await valueOf<string>(page, refusal)).startsWith("no-device: "));
  },
);
