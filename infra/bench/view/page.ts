/**
 * `deno task bench:page [--runs N]`: opens the page on two images of 96 x 256 x 256 voxels, as the demo writes them, in Debian's
 * Chromium with WebGL in software, and prints the time from the start of the navigation to the first frame that shows voxels. Every
 * run is a new browser context, which has nothing cached. Takes less than a minute.
 */
import { chromium } from "playwright-core";
import { showImages } from "functions/library/show_images.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { readFlags } from "../../read_flags.ts";
import { writeRepeatedVolume } from "../memory/repeated_volume.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Goal on a quiet machine, milliseconds. */
const GOAL = 1500;

/** Notes the first draw call: the page makes none before voxels are there. */
const WATCH = `{
  const { prototype } = WebGL2RenderingContext;
  const draw = prototype.drawArrays;
  prototype.drawArrays = function (...args) {
    globalThis.firstPicture ??= performance.now();
    return draw.apply(this, args);
  };
}`;

const runs = Number(readFlags({ runs: "7" }).runs);
const folder = await Deno.makeTempDir({ prefix: "clearstack-first-picture-" });
const images = ["image", "result"].map((name) => `${folder}/${name}.zarr`) as [string, string];
for (const image of images) {
  await writeRepeatedVolume(openStore(image, { environment: NO_ENVIRONMENT }), [96, 256, 256], [8, 256, 256]);
}
const server = await showImages({ image: images[0], result: images[1], environment: NO_ENVIRONMENT });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-quic", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

/** Milliseconds to the first picture in a context of its own. */
async function firstPicture(): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(WATCH);
    await page.goto(server.url);
    for (;;) {
      const ms = await page.evaluate<number | undefined>("globalThis.firstPicture");
      if (ms !== undefined) return ms;
      await page.waitForTimeout(20);
    }
  } finally {
    await context.close();
  }
}

try {
  // In a checkout the first request builds the page.
  await firstPicture();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await firstPicture());
  times.sort((a, b) => a - b);
  const [least, median, most] = [times[0]!, times[times.length >> 1]!, times.at(-1)!].map((ms) => ms.toFixed(0));
  console.log(`first picture: median ${median} ms of ${runs} runs, ${least} to ${most}; goal: at most ${GOAL} ms`);
  console.log(`load of the machine: ${Deno.loadavg().map((load) => load.toFixed(1)).join(", ")}`);
} finally {
  await browser.close();
  await server.close();
  await Deno.remove(folder, { recursive: true });
}
