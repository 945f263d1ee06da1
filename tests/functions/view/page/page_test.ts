import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { createPageApp } from "functions/view/page_app.ts";
import { browserTest, HAS_BROWSER } from "../../../browser.ts";
import { compareCanvas, type KnownImages, type Look } from "./compare_canvas.ts";
import { drawn, type ServedPage, servePage } from "./served_page.ts";
import { writeImage } from "./written_image.ts";

const SHAPE = { t: 2, c: 2, z: 10, y: 70, x: 110 };
const SPACING = { z: 0.3, y: 0.1, x: 0.1 };

/** Channels and their contrast, as the metadata of both images state them. */
const CHANNELS = [
  { label: "DNA", color: "00FF00", rgb: [0, 1, 0] },
  { label: "<b>Actin</b>", color: "FF0080", rgb: [1, 0, 128 / 255] },
];
const CONTRAST = { before: { start: 100, end: 900 }, after: { start: 0, end: 2 } };

/** Voxels of the recorded image, and of the other: different everywhere, and along every axis. */
const VALUES = {
  before: (t: number, c: number, z: number, y: number, x: number) =>
    (17 * x + 31 * y + 97 * z + 211 * c + 401 * t) % 1000,
  after: (t: number, c: number, z: number, y: number, x: number) =>
    ((13 * x + 7 * y + 57 * z + 101 * c + 211 * t) % 256) / 128,
};

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-page-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const served: ServedPage = HAS_BROWSER ? await prepare() : undefined as never;

async function prepare(): Promise<ServedPage> {
  const shape = [SHAPE.t, SHAPE.c, SHAPE.z, SHAPE.y, SHAPE.x] as const;
  for (const side of ["before", "after"] as const) {
    const window = { min: 0, max: 1000, ...CONTRAST[side] };
    await writeImage(`${folder}/data`, {
      name: `${side}.zarr`,
      shape,
      format: side === "before" ? 3 : 2,
      dtype: side === "before" ? "uint16" : "float32",
      value: VALUES[side],
      attributes: {
        omero: { channels: CHANNELS.map(({ label, color }) => ({ label, color, active: true, window })) },
        ...(side === "before" ? {} : {
          clearstack: {
            version: "0.1.0",
            algorithm: { name: "richardson-lucy", iterations: 30, acceleration: "shb" },
            tile: [10, 64, 64],
            halo: [4, 8, 8],
            backend: "cpu",
            warnings: [{ message: "The PSF is <i>wide</i>." }],
          },
        }),
      },
    });
  }
  return await servePage(folder);
}

const open = async (page: Page, more = "") => {
  await page.goto(
    `${served.origin}/?image=${served.origin}/data/before.zarr&result=${served.origin}/data/after.zarr${more}`,
  );
  await page.locator("canvas").waitFor();
  await page.locator(".side").first().waitFor();
  await drawn(page);
};

const IMAGES: KnownImages = {
  shape: SHAPE,
  spacing: SPACING,
  value: (side, { t, c, z, y, x }) => VALUES[side](t, c, z, y, x),
  contrast: CONTRAST,
  rgb: CHANNELS.map(({ rgb }) => rgb),
};

/** Compares the canvas with the data. */
const compare = (page: Page, look: Partial<Look> = {}) => compareCanvas(page, IMAGES, { depth: 5, ...look });

browserTest("the page shows both images as their data say, in the contrast that their metadata name", async (page) => {
  await open(page);
  await compare(page);
  assertEquals(await page.title(), "before.zarr – Clearstack");
  assertStringIncludes(await page.locator(".name").innerText(), "before.zarr → after.zarr");
});

browserTest("where it is served apart, the page says what it is for in place of a start page", async (page) => {
  const apart = createPageApp(() => Promise.resolve(new URL(`file://${folder}/site/`)), { isApart: true });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => apart.fetch(request),
  );
  const words = page.getByText("has no start page");
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await words.waitFor();
  await page.goto(`${served.origin}/`);
  await page.getByRole("heading", { name: "Open an image" }).waitFor();
  assertEquals(await words.count(), 0);
});

browserTest("the divider is moved by keys and by the pointer", async (page) => {
  await open(page);
  const divider = page.getByRole("slider", { name: "Divider between before and after" });
  await divider.focus();
  for (let press = 0; press < 3; press++) await page.keyboard.press("Shift+ArrowLeft");
  assertEquals(await divider.getAttribute("aria-valuenow"), "20");
  await compare(page, { divider: 0.2 });
  const { x, y, width, height } = (await divider.boundingBox())!;
  const stage = (await page.locator(".viewport").boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(stage.x + 0.75 * stage.width, y + 10, { steps: 3 });
  await page.mouse.up();
  await compare(page, { divider: 0.75 });
});

browserTest("planes, time points and projections are chosen by keys, by sliders and by buttons", async (page) => {
  await open(page);
  await page.keyboard.press(".");
  await compare(page, { depth: 6 });
  await page.getByRole("slider", { name: "Plane along z" }).fill("2");
  await compare(page, { depth: 2 });
  await page.keyboard.press(">");
  await compare(page, { depth: 2, time: 1 });
  await page.getByRole("radio", { name: "Maximum" }).check();
  await compare(page, { depth: "all", time: 1 });
  assertMatch(await page.locator("[role=status]").innerText(), /maximum projection, time 1 of 0 to 1/);
});

browserTest("XZ and YZ are cut with the sides that voxels have, as slices and as projections", async (page) => {
  await open(page);
  await page.keyboard.press("x");
  await compare(page, { plane: "xz", depth: 35 });
  await page.keyboard.press("m");
  await compare(page, { plane: "xz", depth: "all" });
  await page.getByRole("radio", { name: "YZ" }).check();
  await compare(page, { plane: "yz", depth: "all" });
  await page.keyboard.press("m");
  await compare(page, { plane: "yz", depth: 55 });
});

browserTest("channels are hidden and colored, and names are text whatever they hold", async (page) => {
  await open(page);
  await page.keyboard.press("1");
  await compare(page, { channels: [1] });
  await page.getByLabel("<b>Actin</b>", { exact: true }).uncheck();
  await compare(page, { channels: [] });
  await page.getByLabel("DNA", { exact: true }).check();
  await page.getByLabel("Color of DNA").fill("#3366ff");
  await compare(page, { channels: [0], rgb: [[0.2, 0.4, 1], []] });
  assertEquals(await page.locator("aside b, aside i").count(), 0);
});

browserTest("contrast is changed by keys and shared on request, without sending a texture again", async (page) => {
  await page.addInitScript(`
    const { prototype } = WebGL2RenderingContext;
    const upload = prototype.texImage2D;
    globalThis.uploads = 0;
    prototype.texImage2D = function (...args) {
      globalThis.uploads++;
      return upload.apply(this, args);
    };
  `);
  await open(page);
  const uploads = () => page.evaluate<number>("globalThis.uploads");
  const before = await uploads();
  for (const channel of ["DNA", "<b>Actin</b>"]) {
    const handle = page.getByRole("slider", { name: `${channel}, before: full color at` });
    await handle.focus();
    await page.keyboard.press("End");
  }
  const end = Number(
    await page.getByRole("slider", { name: "DNA, before: full color at" }).getAttribute("aria-valuenow"),
  );
  // The largest value of the plane.
  assertAlmostEquals(end, 999, 1);
  await compare(page, { contrast: { ...CONTRAST, before: { start: 100, end } } });
  await page.keyboard.press("s");
  const both = { start: 0, end };
  await compare(page, { contrast: { before: both, after: both } });
  assertEquals(await uploads(), before);
});

browserTest("blinking shows one image after the other, and each can be shown alone", async (page) => {
  await open(page, "&compare=before");
  await compare(page, { divider: 1 });
  await page.keyboard.press("b");
  await compare(page, { divider: 0 });
  await page.getByRole("radio", { name: "Blink" }).check();
  for (const side of ["Before", "After", "Before"]) await page.locator(".side").getByText(side).waitFor();
});

browserTest("the picture is moved and zoomed down to single voxels by keys and by the wheel", async (page) => {
  await open(page);
  const bar = page.locator(".scale-bar");
  const whole = await bar.innerText();
  const { x, y } = (await page.locator("canvas").boundingBox())!;
  await page.mouse.move(x + 200, y + 200);
  await page.mouse.wheel(0, -4000);
  await drawn(page);
  assert(await bar.innerText() !== whole);
  // 64 pixels for a voxel of 0.1 µm: a quarter of the picture at most holds 0.2 µm.
  assertEquals(await bar.innerText(), "200 nm");
  await page.locator("canvas").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("0");
  await compare(page);
  assertEquals(await bar.innerText(), whole);
});

browserTest("a profile shows the values of both images along a line that keys move", async (page) => {
  await open(page);
  await page.keyboard.press("p");
  const chart = page.getByRole("img", { name: /^Values along/ });
  const first = await chart.getAttribute("aria-label");
  assertMatch(first!, /^Values along 5\.5 µm: before from \d+ to \d+, after from [\d.]+ to [\d.]+$/);
  await page.getByRole("button", { name: /^End of the profile/ }).focus();
  await page.keyboard.press("Shift+ArrowLeft");
  assert(await chart.getAttribute("aria-label") !== first);
  await page.keyboard.press("p");
  assertEquals(await chart.count(), 0);
});

browserTest("how the result was made is told from its own record, and other viewers are linked", async (page) => {
  await open(page);
  const facts = await page.locator("aside").innerText();
  for (
    const part of ["Richardson-Lucy", "10 × 64 × 64", "4 × 8 × 8", "The PSF is <i>wide</i>.", "0.3 × 0.1 × 0.1 µm"]
  ) {
    assertStringIncludes(facts, part);
  }
  const links = await Promise.all(
    (await page.locator("aside a").all()).map(async (one) => await one.getAttribute("href") ?? ""),
  );
  assertEquals(links.map((link) => new URL(link).host), [
    ...["neuroglancer-demo.appspot.com", "hms-dbmi.github.io", "hms-dbmi.github.io"],
  ]);
  assertStringIncludes(links[1]!, encodeURIComponent(`${served.origin}/data/before.zarr`));
  assertStringIncludes(facts, `napari --plugin napari-ome-zarr ${served.origin}/data/before.zarr`);
});

browserTest("a link shows what was looked at", async (page) => {
  await open(page);
  await page.keyboard.press("x");
  await page.keyboard.press(".");
  await page.waitForURL(/plane=xz/);
  await page.waitForURL(/y=36/);
  await page.reload();
  await page.locator("canvas").waitFor();
  await page.locator(".side").first().waitFor();
  await compare(page, { plane: "xz", depth: 36 });
});
