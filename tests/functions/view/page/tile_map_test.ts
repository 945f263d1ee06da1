/** The map of the tiles of a job that runs, in a browser. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { createApiApp } from "functions/api/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { browserTest } from "../../../browser.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { servePage } from "./served_page.ts";

const map = (page: Page) => page.locator(".tile-map");
const cells = async (page: Page, state: string) => await map(page).locator(`rect.${state}`).count();

browserTest(
  "a map shows which tiles of a job are done and under way, also to who comes late, and follows the plane",
  async (page) => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-tile-map-" });
    const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
    const kernels = identityKernels(async (run) => run === 6 ? await goOn : undefined);
    const jobs = await LocalJobRunner.start({
      deps: identityJobs(kernels),
      store: openStore(memoryUrl()),
      log: () => {},
    });
    try {
      const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
      const { origin } = await servePage(folder, (request) => app.fetch(request));
      const { request } = await sampleRequest();
      const { id } = await jobs.submit({ ...request, output: { ...request.output, url: `${folder}/data/out.zarr` } });
      const address = `${origin}/?result=${origin}/data/out.zarr&events=${origin}/v1/jobs/${id}/events`;
      for (const _ of ["while it runs", "late"]) {
        await page.goto(address);
        // Two layers of 3 x 3 tiles; one is on the device, and the next ones may be read or handed out meanwhile.
        await map(page).getByText(/^All planes: 5 done, [1-3] under way, 1[0-2] waiting$/).waitFor();
        const underWay = await cells(page, "under-way");
        assertEquals(underWay + await cells(page, "done") + await cells(page, "waiting"), 9);
        assert(underWay >= 1 && underWay <= 3, `${underWay} are under way`);
      }
      release();
      await page.locator("canvas").waitFor();
      await map(page).getByText("This plane: 9 done, 0 under way, 0 waiting").waitFor();
      const swatches = await Promise.all((await map(page).locator("i").all()).map((one) => one.boundingBox()));
      const sides = swatches.flatMap((box) => [box!.width, box!.height]);
      // As large as small letters, all of them.
      assert(sides[0]! < 16, `${sides}`);
      assertEquals(sides, Array(6).fill(sides[0]));
      assertEquals(await cells(page, "done"), 9);
      assertMatch((await map(page).getByRole("img").getAttribute("aria-label"))!, /^Map of tiles\. This plane: 9 done/);
      // XZ runs through 2 x 3 tiles.
      await page.keyboard.press("x");
      await map(page).getByText("This plane: 6 done, 0 under way, 0 waiting").waitFor();
    } finally {
      release();
      await jobs.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
  { expected: /status of 404/ },
);
