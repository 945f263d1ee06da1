/** The page for everybody: errors that say their mend, progress, keys alone, small screens, and what axe-core knows to ask for. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { browserTest, HAS_BROWSER } from "../../../browser.ts";
import { seriousFaults, tabbedControls } from "./for_everybody.ts";
import { drawn, type ServedPage, servePage } from "./served_page.ts";
import { writeImage } from "./written_image.ts";

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-reach-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const served: ServedPage = HAS_BROWSER ? await prepare() : undefined as never;

async function prepare(): Promise<ServedPage> {
  const image = { shape: [1, 2, 6, 40, 60], format: 3, dtype: "uint16" } as const;
  const value = (_t: number, c: number, z: number, y: number, x: number) => (x * y + 50 * z + 100 * c) % 500;
  for (const name of ["image.zarr", "result.zarr"]) await writeImage(`${folder}/data`, { ...image, name, value });
  const broken = await writeImage(`${folder}/data`, { ...image, name: "damaged.zarr", value });
  for (const level of [0, 1]) await Deno.writeTextFile(`${broken}/${level}/c/0/0/0/0/0`, "nothing that gzip knows");
  const foreign = await writeImage(`${folder}/data`, { ...image, name: "foreign.zarr", value });
  const metadata = JSON.parse(await Deno.readTextFile(`${foreign}/0/zarr.json`));
  metadata.codecs.push({ name: "jpegxl", configuration: {} });
  await Deno.writeTextFile(`${foreign}/0/zarr.json`, JSON.stringify(metadata));
  await Deno.mkdir(`${folder}/data/group.zarr`);
  await Deno.writeTextFile(`${folder}/data/group.zarr/zarr.json`, '{"zarr_format":3,"node_type":"group"}');
  return await servePage(folder);
}

const openBoth = async (page: Page, more = "") => {
  const { origin } = served;
  await page.goto(`${origin}/?image=${origin}/data/image.zarr&result=${origin}/data/result.zarr${more}`);
  await page.locator(".side").first().waitFor();
  await drawn(page);
};

/** Addresses that cannot be shown, with a part of what is said and of the mend. */
const REFUSED: readonly (readonly [name: string, url: (page: ServedPage) => string, problem: RegExp, mend: RegExp])[] =
  [
    [
      "a server that lets no page read it",
      ({ closedOrigin }) => `${closedOrigin}/data/image.zarr`,
      /does not let this page read it/,
      /Access-Control-Allow-Origin: http:\/\/127\.0\.0\.1:\d+/,
    ],
    [
      "nothing at the address",
      ({ origin }) => `${origin}/data/none.zarr`,
      /holds no zarr\.json/,
      /address of the OME-Zarr/,
    ],
    ["no multiscale image", ({ origin }) => `${origin}/data/group.zarr`, /group without an array/, /multiscales/],
    ["an unknown codec", ({ origin }) => `${origin}/data/foreign.zarr`, /uses codec jpegxl/, /clearstack convert/],
    [
      "a damaged chunk",
      ({ origin }) => `${origin}/data/damaged.zarr`,
      /is damaged \(codec gzip\)/,
      /Copy the image again/,
    ],
    ["no server", () => "http://127.0.0.1:9/a.zarr", /does not answer/, /address and the network/],
    [
      "an address that is none",
      () => "ftp://example.org/a.zarr",
      /is no address of an image/,
      /Give the address of one image/,
    ],
  ];

for (const [name, url, problem, mend] of REFUSED) {
  browserTest(`the page says what is wrong and how to mend it: ${name}`, async (page) => {
    await page.goto(`${served.origin}/?image=${encodeURIComponent(url(served))}`);
    const notice = page.getByRole("alert");
    await notice.getByText(mend).waitFor();
    assertMatch(await notice.innerText(), problem);
    assertEquals(await page.locator("form, canvas").count() > 0, true);
  }, { expected: /CORS policy|Failed to load resource|ERR_/ });
}

browserTest("without an address the page asks for one, and opens what it is given", async (page) => {
  await page.goto(served.origin);
  await page.getByLabel("Image").fill(`${served.origin}/data/image.zarr`);
  await page.keyboard.press("Enter");
  await page.locator("canvas").waitFor();
  assertStringIncludes(page.url(), "image=");
});

browserTest("tiles are counted as they are finished, and the result is opened once its job is done", async (page) => {
  const { origin } = served;
  await Deno.rename(`${folder}/data/result.zarr`, `${folder}/data/later.zarr`);
  await page.goto(
    `${origin}/?image=${origin}/data/image.zarr&result=${origin}/data/result.zarr&events=${origin}/events`,
  );
  await page.locator("canvas").waitFor();
  await page.waitForTimeout(500);
  served.send("tile", { sequence: 3, status: { state: "running", tiles: 8, tilesDone: 3, etaSeconds: 12 } });
  await page.getByText("3 of 8, about 12 s to go").waitFor();
  assertEquals(await page.getByRole("progressbar").getAttribute("value"), "3");
  // Events of views tell of the tile, and of nothing else.
  served.send("tile", { sequence: 4, type: "tile", index: 3, tilesDone: 4 });
  await page.getByText("4 of 8").waitFor();
  await Deno.rename(`${folder}/data/later.zarr`, `${folder}/data/result.zarr`);
  served.send("status", { sequence: 9, status: { state: "done", tiles: 8, tilesDone: 8 } });
  await page.getByText("8 of 8").waitFor();
  await page.locator(".side.after").waitFor();
});

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`axe-core finds nothing serious, ${colorScheme}`, async (page) => {
    await openBoth(page);
    await page.keyboard.press("p");
    assertEquals(await seriousFaults(page), []);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    assertEquals(await seriousFaults(page), []);
    await page.goto(`${served.origin}/?image=${served.origin}/data/none.zarr`);
    await page.getByRole("alert").getByText("holds no").waitFor();
    assertEquals(await seriousFaults(page), []);
  }, { colorScheme });
}

browserTest("the Tab key reaches every control and shows where it is", async (page) => {
  await openBoth(page);
  await page.keyboard.press("p");
  const { controls, reached } = await tabbedControls(page);
  assert(controls > 20, `${controls} controls`);
  assertEquals(reached, controls);
});

browserTest(
  "the help lists the keys, takes the focus and gives it back, and can switch single keys off",
  async (page) => {
    await openBoth(page);
    const help = page.getByRole("button", { name: "Help and keys" });
    await help.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Keys" });
    await dialog.getByText("Cut along XY, XZ or YZ").waitFor();
    await dialog.getByLabel("Single keys act anywhere on the page").uncheck();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assertEquals(await page.evaluate("document.activeElement.ariaLabel"), "Help and keys");
    await page.keyboard.press("x");
    assertEquals(await page.getByRole("radio", { name: "XY" }).isChecked(), true);
  },
);

browserTest("on a narrow screen nothing is cut off, and two fingers zoom", async (page) => {
  await openBoth(page);
  const { width } = page.viewportSize()!;
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), width);
  const bar = page.locator(".scale-bar");
  const whole = await bar.innerText();
  const session = await page.context().newCDPSession(page);
  const { x, y } = (await page.locator("canvas").boundingBox())!;
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", places: readonly number[]) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: places.map((at, id) => ({ x: x + at, y: y + 120, id })),
    });
  await touch("touchStart", [80]);
  await touch("touchStart", [80, 120]);
  for (const reach of [60, 40, 20]) await touch("touchMove", [reach, 200 - reach]);
  await touch("touchEnd", []);
  await drawn(page);
  assert(await bar.innerText() !== whole);
}, { size: { width: 400, height: 800 } });

browserTest("the scripts of the page have less than 500 KB in a transfer", async () => {
  let bytes = 0;
  for await (const { name } of Deno.readDir(`${folder}/site/page`)) {
    if (name.endsWith(".js")) bytes += gzipSync(await Deno.readFile(`${folder}/site/page/${name}`)).length;
  }
  assert(bytes > 50_000 && bytes < 500_000, `${bytes} bytes`);
});
