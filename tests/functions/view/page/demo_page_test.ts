/** The page on what the demo has made, against voxels that NumPy and numcodecs decode. */
import { assert, assertEquals } from "@std/assert";
import { showImages } from "functions/library/show_images.ts";
import type { Page } from "playwright-core";
import { browserTest } from "../../../browser.ts";
import { missingModules, runPython } from "../../../fixtures/python.ts";
import { runCli } from "../../cli/run_cli.ts";
import { compareCanvas, type KnownImages } from "./compare_canvas.ts";
import { drawn } from "./served_page.ts";

/** Shape and voxels of the demo's images. */
const SHAPE = { c: 1, z: 96, y: 256, x: 256 };
const SPACING = { z: 0.1, y: 0.065, x: 0.065 };

async function voxelsOf(image: string): Promise<Float32Array> {
  const shape = JSON.parse(await runPython("decode_zarr3.py", image, `${image}.raw`));
  assertEquals(shape, [SHAPE.z, SHAPE.y, SHAPE.x]);
  return new Float32Array((await Deno.readFile(`${image}.raw`)).buffer);
}

/** Where an image is black and where it is white, as the sliders say. */
async function contrastOf(page: Page, side: "before" | "after") {
  const valueOf = async (what: string) =>
    Number(await page.getByRole("slider", { name: `Intensity, ${side}: ${what}` }).getAttribute("aria-valuenow"));
  return { start: await valueOf("black at"), end: await valueOf("full color at") };
}

browserTest(
  "the page shows the sample and the result of the demo, plane by plane, as other programs decode them",
  async (page) => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-demo-page-" });
    try {
      const { status, err } = await runCli(["demo", "--dir", folder, "--iterations", "3", "--backend", "cpu"]);
      assertEquals(status, 0, err);
      const voxels = {
        before: await voxelsOf(`${folder}/sample.zarr`),
        after: await voxelsOf(`${folder}/deconvolved.zarr`),
      };
      const server = await showImages({
        image: `${folder}/sample.zarr`,
        result: `${folder}/deconvolved.zarr`,
        environment: { env: () => undefined },
      });
      try {
        await page.goto(server.url);
        await page.locator(".side").first().waitFor();
        await drawn(page);
        await lookAround(page, {
          shape: SHAPE,
          spacing: SPACING,
          value: (side, { z, y, x }) => voxels[side][(z * SHAPE.y + y) * SHAPE.x + x]!,
          contrast: { before: await contrastOf(page, "before"), after: await contrastOf(page, "after") },
          rgb: [[1, 1, 1]],
        });
      } finally {
        await server.close();
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  { missing: missingModules(["numcodecs", "numpy"]) },
);

/** What a visitor does first: swipe, other planes, a projection, another cut, no channel. */
async function lookAround(page: Page, images: KnownImages): Promise<void> {
  for (const { start, end } of Object.values(images.contrast)) assert(end > start);
  await compareCanvas(page, images, { depth: 48 });
  await page.getByRole("slider", { name: "Divider between before and after" }).focus();
  for (let press = 0; press < 3; press++) await page.keyboard.press("Shift+ArrowRight");
  await compareCanvas(page, images, { depth: 48, divider: 0.8 });
  await page.getByRole("slider", { name: "Plane along z" }).fill("30");
  await compareCanvas(page, images, { depth: 30, divider: 0.8 });
  await page.keyboard.press("m");
  await compareCanvas(page, images, { depth: "all", divider: 0.8 });
  await page.keyboard.press("m");
  await page.keyboard.press("x");
  await compareCanvas(page, images, { plane: "xz", depth: 128, divider: 0.8 });
  await page.keyboard.press("1");
  await compareCanvas(page, images, { plane: "xz", depth: 128, divider: 0.8, channels: [] });
}
