/** The start page over a real service: from an empty form to the result, and everything that may go wrong on the way. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import type { Service } from "functions/library/start_service.ts";
import { browserTest, HAS_BROWSER } from "../../../../browser.ts";
import { seriousFaults, tabbedControls } from "../for_everybody.ts";
import { fillJob, HOSTILE_NAME, serveFolder, textField, writeInputs } from "./start_service.ts";

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-start-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const service: Service = HAS_BROWSER ? await prepare() : undefined as never;

async function prepare(): Promise<Service> {
  await writeInputs(folder);
  return await serveFolder(folder);
}

/** What Chromium writes to its console of every answer that is an error. */
const REFUSED = { expected: /Failed to load resource/ };

browserTest("a job is filled in, planned, started, followed and looked at by the keyboard alone", async (page) => {
  await page.goto(service.url);
  const { keyboard } = page;
  /** Presses Tab until a control has the focus. */
  const tabTo = async (name: RegExp) => {
    for (let press = 0; press < 80; press++) {
      await keyboard.press("Tab");
      const label = await page.evaluate<string>(
        "(document.activeElement.labels?.[0] ?? document.activeElement).innerText",
      );
      if (name.test(label)) return;
    }
    throw new Error(`Tab reaches no ${name}`);
  };
  await tabTo(/^Image to deconvolve/);
  await keyboard.type(`${folder}/cells.zarr`);
  await page.getByText("3 fields need another value").waitFor();
  await tabTo(/^Numerical aperture/);
  await keyboard.type("1.2");
  await tabTo(/^Refractive index of the immersion/);
  await keyboard.type("1.33");
  await tabTo(/^Emission wavelengths/);
  await keyboard.type("460, 595");
  await tabTo(/^Iterations/);
  await keyboard.press("Control+A");
  await keyboard.type("2");
  await page.getByText("This is what the job would do").waitFor();
  const plan = page.getByRole("region", { name: "Plan" });
  assertMatch(await plan.innerText(), /Time\s+about \d+ s of the device/);
  // The image, and a PSF for each of its channels.
  assertMatch(await page.getByRole("region", { name: "Image" }).innerText(), /1 × 2 × 8 × 80 × 100/);
  await page.getByRole("img", { name: "The middle plane of the image" }).waitFor();
  await page.getByRole("img", { name: "XZ of the PSF for 595 nm" }).waitFor();
  await tabTo(/^Start the job/);
  await keyboard.press("Enter");
  await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
  // The output is beside the image where nothing else was given.
  assert((await Deno.stat(`${folder}/cells-deconvolved.ome.zarr`)).isDirectory);
  await tabTo(/^Look at the result/);
  await keyboard.press("Enter");
  await page.locator("canvas").waitFor();
  assertMatch(page.url(), /image=.*%2Fv1%2Fimages%2F.*result=.*%2Fv1%2Fviews%2F/);
  assertEquals(await page.locator(".side").allInnerTexts(), ["Before", "After"]);
  assertMatch(await page.locator(".name").innerText(), / → result$/);
  await page.getByRole("region", { name: "Deconvolution" }).waitFor();
  await page.getByRole("link", { name: "Clearstack" }).click();
  await page.getByRole("heading", { name: "New job" }).waitFor();
}, REFUSED);

browserTest("a value that is wrong is told at its field in the words of the service", async (page) => {
  await page.goto(service.url);
  await fillJob(page, folder);
  const iterations = textField(page, "Iterations");
  await iterations.fill("0");
  await page.getByText("iterations must be at least 1").waitFor();
  assertEquals(await iterations.getAttribute("aria-invalid"), "true");
  assert(await page.getByRole("button", { name: /^Start/ }).isDisabled());
  await iterations.fill("3");
  await page.getByText("Part of the image").click();
  await textField(page, "Crop along z voxels").fill("4");
  await page.getByText("write the first voxel and the one after the last").waitFor();
  await textField(page, "Crop along z voxels").fill("0:4");
  // Half of the image along x: half of its width in the picture, whose margins are outside of the frame.
  await textField(page, "Crop along x voxels").fill("50:100");
  const [frame, part] = await Promise.all(
    [".crop", ".crop rect"].map(async (one) => (await page.locator(one).boundingBox())!),
  );
  assertAlmostEquals(part!.x, frame!.x + frame!.width / 2, 3);
  // What only the service can tell.
  await textField(page, "Crop along z voxels").fill("4:400");
  await page.getByRole("alert").getByText(/before 400 along z/).waitFor();
}, REFUSED);

browserTest(
  "a source that is not there is told at its field, and the plan comes once it is named rightly",
  async (page) => {
    await page.goto(service.url);
    await fillJob(page, folder);
    await textField(page, "Image to deconvolve").fill(`${folder}/none.zarr`);
    await page.getByRole("alert").getByText(/none\.zarr does not exist/).waitFor();
    assertEquals(await textField(page, "Image to deconvolve").getAttribute("aria-invalid"), "true");
    await textField(page, "Image to deconvolve").fill(`${folder}/cells.zarr`);
    await page.getByText("This is what the job would do").waitFor();
  },
  REFUSED,
);

browserTest("a PSF that is probably wrong is warned of before the button, which says so", async (page) => {
  await page.goto(service.url);
  await fillJob(page, folder, { psf: "off" });
  await page.getByRole("list", { name: "Warnings" }).getByText("Probably wrong").first().waitFor();
  await page.getByRole("button", { name: /^Start in spite of/ }).waitFor();
  // What was filled in outlives the page.
  await page.waitForTimeout(400);
  await page.reload();
  await page.getByRole("button", { name: /^Start in spite of/ }).waitFor();
  assertEquals(await textField(page, "PSF to use").inputValue(), `${folder}/off.zarr`);
});

browserTest("names of the image are shown as text, however long", async (page) => {
  await page.goto(service.url);
  await fillJob(page, folder);
  await page.getByText(HOSTILE_NAME.slice(0, 40)).first().waitFor();
  assert(!(await page.title()).includes("run"));
  assertEquals(await page.locator("img").count(), 0);
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), page.viewportSize()!.width);
});

browserTest("a double click makes one job, whose settings can be used again", async (page) => {
  await page.goto(service.url);
  await fillJob(page, folder, { output: "once" });
  await page.getByRole("button", { name: /^Start/ }).dblclick();
  await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
  const { jobs } = await (await fetch(`${service.url}/v1/jobs?output=${folder}/once.ome.zarr`)).json();
  assertEquals(jobs.length, 1);
  await page.getByRole("button", { name: "Use these settings again" }).click();
  assertEquals(await textField(page, "Iterations").inputValue(), "2");
  assertEquals(await textField(page, "PSF to use").inputValue(), `${folder}/psf.zarr`);
  // The output is there by now, and is not written over by mistake.
  await page.getByRole("button", { name: /^Start/ }).click();
  await page.getByRole("alert").getByText(/once\.ome\.zarr is already complete.*“If the output exists: overwrite”/)
    .waitFor();
}, REFUSED);

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`axe-core finds nothing serious on the start page, ${colorScheme}`, async (page) => {
    await page.goto(service.url);
    await fillJob(page, folder, { psf: "off", output: "axe" });
    await page.getByRole("button", { name: /^Start in spite of/ }).waitFor();
    await page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)");
    assertEquals(await seriousFaults(page), []);
    await textField(page, "Iterations").fill("0");
    await page.getByText("iterations must be at least 1").waitFor();
    assertEquals(await seriousFaults(page), []);
    await page.goto(`${service.url}/#jobs`);
    await page.getByRole("table").waitFor();
    assertEquals(await seriousFaults(page), []);
    await page.getByRole("table").getByRole("link").first().click();
    await page.getByRole("region", { name: "Progress" }).waitFor();
    assertEquals(await seriousFaults(page), []);
  }, { colorScheme });
}

browserTest("the Tab key reaches every control of the start page and shows where it is", async (page) => {
  await page.goto(service.url);
  await page.getByText("Part of the image").waitFor();
  await page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)");
  const { controls, reached } = await tabbedControls(page);
  assert(controls > 40, `${controls} controls`);
  assertEquals(reached, controls);
});

for (const [width, height] of [[400, 800], [3840, 2160]] as const) {
  browserTest(`nothing of the start page is cut off where it is ${width} wide`, async (page) => {
    for (const place of ["", "#jobs"]) {
      await page.goto(`${service.url}/${place}`);
      await page.locator("#page-title").waitFor();
      if (place === "") await fillJob(page, folder, { output: "width" });
      else await page.getByRole("table").waitFor();
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), width);
    }
  }, { size: { width, height } });
}
