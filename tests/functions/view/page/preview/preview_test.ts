/** Deconvolving in the browser: the same numbers as the library's on the same part of the image, and what goes wrong told in words. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { deconvolve } from "@clearstack/clearstack";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { browserTest, HAS_BROWSER } from "../../../../browser.ts";
import { seriousFaults, tabbedControls } from "../for_everybody.ts";
import { drawn, type ServedPage, servePage } from "../served_page.ts";
import { writeImage } from "../written_image.ts";

const SHAPE = [1, 2, 6, 40, 60] as const;

/** Small enough for a GPU that is none, which takes a second for each shader. */
const SMALL = [1, 1, 3, 10, 14] as const;
const SOFTWARE_GPU_MS = 240_000;

/** Points on a background, other ones in each channel. */
const value = (_t: number, c: number, z: number, y: number, x: number) =>
  20 + 7 * c + ((x * 7 + y * 13 + z * 29 + c * 5) % 83 === 0 ? 900 : (x * y) % 5);

/** Lopsided, so that a mirrored one would be noticed. */
const PSF = {
  shape: [3, 3, 5],
  values: Float32Array.from(
    { length: 45 },
    (_, i) => [1, 3, 1][Math.floor(i / 15)]! * [1, 2, 1][Math.floor(i / 5) % 3]! * [2, 7, 9, 4, 1][i % 5]!,
  ),
} as const;

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-preview-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const served: ServedPage = HAS_BROWSER ? await prepare() : undefined as never;

async function prepare(): Promise<ServedPage> {
  await writeImage(`${folder}/data`, { name: "image.zarr", shape: SHAPE, format: 3, dtype: "uint16", value });
  await writeImage(`${folder}/data`, { name: "small.zarr", shape: SMALL, format: 3, dtype: "uint16", value });
  await Deno.writeFile(`${folder}/data/psf.tif`, encodeTiff({ ...PSF, spacingMicrometre: [0.3, 0.1, 0.1] }));
  const wide = { shape: [3, 121, 201] as const, values: new Float32Array(3 * 121 * 201).fill(1) };
  await Deno.writeFile(`${folder}/data/wide.tif`, encodeTiff({ ...wide, spacingMicrometre: [0.3, 0.1, 0.1] }));
  return await servePage(folder);
}

/** Opens the image, and the panel with the address of a PSF. */
async function openPanel(page: Page, psf = "psf.tif", image = "image.zarr"): Promise<void> {
  await page.goto(`${served.origin}/?image=${served.origin}/data/${image}`);
  await page.getByRole("button", { name: "Set up" }).click();
  // Radio buttons lie below what is seen of them.
  await page.getByRole("radio", { name: "Address" }).check({ force: true });
  await page.getByLabel("Address of a TIFF or Zarr").fill(`${served.origin}/data/${psf}`);
}

const preview = (page: Page) => page.getByRole("region", { name: "Deconvolve here" });

/** Deconvolves what is seen, and waits until it is done. */
async function computed(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Deconvolve the view" }).click();
  const done = preview(page).locator(".done");
  await done.waitFor();
  return await done.innerText();
}

/** Has the page keep the volumes that its Worker sends. */
const KEEP_VOLUMES = `
  globalThis.results = [];
  const { prototype } = Worker;
  const { set } = Object.getOwnPropertyDescriptor(prototype, "onmessage");
  Object.defineProperty(prototype, "onmessage", {
    set(handler) {
      set.call(this, (event) => {
        const { response } = event.data;
        if (response?.volumes) {
          const { region, volumes, record: { algorithm } } = response;
          globalThis.results.push({ region, algorithm, volumes: volumes.map((one) => [...one]) });
        }
        handler(event);
      });
    },
  });
`;

interface Kept {
  readonly region: { readonly start: readonly number[]; readonly shape: readonly number[] };
  readonly volumes: readonly (readonly number[])[];
  readonly algorithm: Readonly<Record<string, unknown>>;
}

/** Waits for the result of some settings; the page's policy has no program of text wait in it. */
async function resultOf(page: Page, settings: Readonly<Record<string, unknown>>): Promise<Kept> {
  for (;;) {
    const last = await lastResult(page);
    if (Object.entries(settings).every(([name, value]) => last.algorithm[name] === value)) return last;
    await page.waitForTimeout(50);
  }
}

const lastResult = (page: Page) => page.evaluate<Kept>("globalThis.results.at(-1)");

/** Largest difference of the volumes from what the library makes of the same part of the image, in peaks of that. */
async function differenceFromLibrary(
  { region: { start, shape }, volumes }: Kept,
  algorithm: Record<string, unknown>,
  image = "image.zarr",
): Promise<number> {
  const [z, y, x] = start.map((first, axis) => [first, first + shape[axis]!] as [number, number]);
  const { data } = await deconvolve(`${folder}/data/${image}`, `${folder}/data/psf.tif`, {
    algorithm,
    select: { box: { z: z!, y: y!, x: x! } },
    tiling: { tile: shape as [number, number, number] },
    backend: "cpu",
  });
  const here = volumes.flat();
  assertEquals(here.length, data.length);
  const peak = data.reduce((most, one) => Math.max(most, one), 0);
  return data.reduce((most, one, index) => Math.max(most, Math.abs(one - here[index]!)), 0) / peak;
}

/** What is promised. Backends agree to 1e-5 after ten iterations, see webgpu_page_test.ts; these are 20 accelerated ones at most. */
const TOLERANCE = 1e-4;

browserTest(
  "the region in view is deconvolved as the library does it, by WebAssembly and again as sliders move",
  async (page) => {
    await page.addInitScript(KEEP_VOLUMES);
    await openPanel(page);
    const words = await computed(page);
    assertMatch(words, /WebAssembly on CPU/);
    // Shared memory, which a service of ours allows its page.
    assertMatch(words, new RegExp(`, ${navigator.hardwareConcurrency} thread`));
    assertMatch(words, /z 0 to 5, y 0 to 39, x 0 to 59/);
    const defaults = await lastResult(page);
    assertLess(await differenceFromLibrary(defaults, {}), TOLERANCE);
    await page.getByLabel("Iterations").fill("5");
    await page.getByLabel("Smoothing (total variation)").fill("0.004");
    await page.getByLabel("Acceleration").selectOption("biggs");
    const settings = { iterations: 5, totalVariation: 0.004, acceleration: "biggs" };
    const changed = await resultOf(page, settings);
    assert(await differenceFromLibrary(defaults, { iterations: 5 }) > TOLERANCE, "iterations make no difference");
    assertLess(await differenceFromLibrary(changed, settings), TOLERANCE);
  },
);

browserTest("on WebGPU comes out what comes out on the CPU", async (page) => {
  await page.addInitScript(KEEP_VOLUMES);
  page.setDefaultTimeout(SOFTWARE_GPU_MS);
  await openPanel(page, "psf.tif", "small.zarr");
  await page.getByLabel("Iterations").fill("4");
  await page.getByLabel("Compute with").selectOption("webgpu");
  assertMatch(await computed(page), /WebGPU on .*swiftshader/i);
  assertLess(await differenceFromLibrary(await lastResult(page), { iterations: 4 }, "small.zarr"), TOLERANCE);
}, { webgpu: true });

browserTest(
  "zoomed in, the part that is seen is deconvolved as in the whole, and lies where it belongs",
  async (page) => {
    await page.addInitScript(KEEP_VOLUMES);
    await openPanel(page);
    await page.getByLabel("Channel 1", { exact: true }).uncheck();
    const { x, y } = (await page.locator("canvas").boundingBox())!;
    await page.mouse.move(x + 200, y + 200);
    await page.mouse.wheel(0, -600);
    await computed(page);
    const kept = await lastResult(page);
    assertEquals(kept.volumes.length, 1);
    assert(kept.region.shape[2]! < 60 && kept.region.shape[1]! < 40, `${kept.region.shape}`);
    const frame = (await page.locator(".region").boundingBox())!;
    const stage = (await page.locator(".viewport").boundingBox())!;
    // The frame is as large as what is seen, to a voxel on each side.
    const voxel = frame.width / kept.region.shape[2]!;
    assertLess(Math.abs(frame.width - stage.width), 2 * voxel + 2);
    assertEquals(await page.locator(".side").allInnerTexts(), ["Before", "Preview"]);
    await page.getByRole("button", { name: "Remove" }).click();
    assertEquals(await page.locator(".region, .side").count(), 0);
  },
);

browserTest("the last value of a slider wins, and what ran before is stopped", async (page) => {
  await page.addInitScript(KEEP_VOLUMES);
  await openPanel(page);
  await computed(page);
  const slider = page.getByRole("slider", { name: "Iterations" });
  for (const iterations of ["90", "80", "70", "3"]) {
    await slider.fill(iterations);
    await page.waitForTimeout(100);
  }
  assertLess(await differenceFromLibrary(await resultOf(page, { iterations: 3 }), { iterations: 3 }), TOLERANCE);
  await preview(page).locator(".done").waitFor();
  assertEquals((await lastResult(page)).algorithm.iterations, 3);
});

/** Settings that cannot be computed, what is said of them. */
const REFUSED: readonly (readonly [name: string, set: (page: Page) => Promise<unknown>, said: RegExp])[] = [
  [
    "no WebGPU",
    (page) => page.getByLabel("Compute with").selectOption("webgpu"),
    /offers no GPU by WebGPU.*Choose WebAssembly/s,
  ],
  [
    "no PSF there",
    (page) => page.getByLabel("Address of a TIFF or Zarr").fill(`${served.origin}/data/none.tif`),
    /none\.tif does not exist/,
  ],
  ["optics that are left out", async (page) => {
    await page.getByRole("radio", { name: "Optics" }).check({ force: true });
  }, /does not state the numerical aperture.*give the numerical aperture, the immersion index/s],
  ["optics that are none", async (page) => {
    await page.getByRole("radio", { name: "Optics" }).check({ force: true });
    await page.getByLabel("Numerical aperture").fill("1,4x");
  }, /numerical aperture “1,4x” is no number/],
  ["hidden channels", async (page) => {
    for (const channel of ["Channel 0", "Channel 1"]) await page.getByLabel(channel, { exact: true }).uncheck();
  }, /all channels are hidden/],
];

for (const [name, set, said] of REFUSED) {
  browserTest(`a preview that cannot be computed is told in words: ${name}`, async (page) => {
    await openPanel(page);
    await set(page);
    await page.getByRole("button", { name: "Deconvolve the view" }).click();
    const alert = preview(page).getByRole("alert");
    await alert.waitFor();
    assertMatch(await alert.innerText(), said);
  }, { expected: /status of 404/ });
}

browserTest("a PSF larger than the image is cropped, and told", async (page) => {
  await openPanel(page, "wide.tif");
  assertStringIncludes(await computed(page), "is cropped to");
});

browserTest(
  "everybody reaches the panel: by keys alone, and with nothing that axe-core finds serious",
  async (page) => {
    await openPanel(page);
    await computed(page);
    await drawn(page);
    assertEquals(await seriousFaults(page), []);
    const { controls, reached } = await tabbedControls(page);
    assertEquals(reached, controls);
    await page.getByRole("radio", { name: "Optics" }).check({ force: true });
    assertEquals(await seriousFaults(page), []);
  },
);
