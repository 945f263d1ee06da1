/** The start page over services that have many jobs, that have keys, that go away, and jobs that fail. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import { formatKeyRecords } from "shared/keys/key_records.ts";
import { browserTest, HAS_BROWSER } from "../../../../browser.ts";
import { writeZarr } from "../../../sample_image.ts";
import { fillJob, serveFolder, textField, writeInputs, writeSeries } from "./start_service.ts";

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-jobs-page-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
if (HAS_BROWSER) await writeInputs(folder);

/** What Chromium writes to its console of answers that are errors, and of none. */
const REFUSED = { expected: /Failed to load resource|ERR_/ };

/** Starts jobs over a tiny image, as quick as jobs get, and waits for the last. */
async function startTinyJobs(url: string, count: number): Promise<void> {
  const shape = [2, 4, 4];
  const tiny = { shape, chunk: shape, values: new Float32Array(32).map((_, index) => index) };
  for (const name of ["tiny.zarr", "tiny-psf.zarr"]) await writeZarr(`${folder}/${name}`, tiny);
  const headers = { "content-type": "application/json" };
  let last = "";
  for (let index = 0; index < count; index++) {
    const body = JSON.stringify({
      source: { url: `${folder}/tiny.zarr` },
      psf: { url: `${folder}/tiny-psf.zarr` },
      output: { url: `${folder}/many/${index}.zarr` },
      algorithm: { iterations: 1, boundary: "periodic" },
      backend: "cpu",
      seamCheck: 0,
    });
    const job = await (await fetch(`${url}/v1/jobs`, { method: "POST", headers, body })).json();
    assertEquals([job.state, job.detail], ["queued", undefined]);
    last = job.id;
  }
  const events = await fetch(`${url}/v1/jobs/${last}/events`);
  await events.text();
}

browserTest("jobs are listed newest first, page by page, by their state and their output", async (page) => {
  const service = await serveFolder(folder);
  try {
    // 50 on a page.
    await startTinyJobs(service.url, 53);
    await page.goto(`${service.url}/#jobs`);
    const rows = page.getByRole("table").getByRole("rowheader");
    await rows.first().waitFor();
    assertEquals([await rows.count(), await rows.first().innerText()], [50, "52.zarr"]);
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText("Page 2").waitFor();
    await page.getByRole("rowheader", { name: "0.zarr", exact: true }).waitFor();
    assertEquals(await rows.count(), 3);
    await page.getByRole("button", { name: "Newer" }).click();
    await page.getByRole("rowheader", { name: "52.zarr" }).waitFor();
    await page.getByLabel("Output at or below").fill(`${folder}/many/7.zarr`);
    await page.getByText("52.zarr").waitFor({ state: "detached" });
    assertEquals(await rows.allInnerTexts(), ["7.zarr"]);
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel("Started from").fill(day);
    await page.waitForTimeout(500);
    assertEquals(await rows.allInnerTexts(), ["7.zarr"]);
    await page.getByLabel("To", { exact: true }).fill(day);
    await page.getByText("No job matches").waitFor();
    await page.getByLabel("To", { exact: true }).fill("");
    await page.getByRole("rowheader", { name: "7.zarr" }).waitFor();
    await page.getByLabel("State").selectOption("failed");
    await page.getByText("No job matches").waitFor();
  } finally {
    await service.close();
  }
});

browserTest("of a source of several images one is chosen, or a job is started for each", async (page) => {
  const service = await serveFolder(folder);
  try {
    await writeSeries(`${folder}/plate.zarr`, ["0", "1"]);
    await page.goto(service.url);
    await fillJob(page, folder, { output: "one" });
    await textField(page, "Image to deconvolve").fill(`${folder}/plate.zarr`);
    await page.getByLabel("Image of this source, which has 2").selectOption("1");
    await page.getByText("Image 1 of this source").waitFor();
    await page.getByRole("button", { name: "Choose another" }).click();
    await page.getByText("How the image is read").click();
    await page.getByLabel("Images of a source that has several").selectOption("all");
    await textField(page, "Output to write").fill(`${folder}/all`);
    await page.getByText("This is what the job would do").waitFor();
    await page.getByRole("button", { name: /^Start/ }).click();
    // The list of what was started.
    await page.getByRole("rowheader", { name: "1.zarr" }).waitFor();
    assertEquals(await page.getByRole("rowheader").allInnerTexts(), ["1.zarr", "0.zarr"]);
  } finally {
    await service.close();
  }
}, REFUSED);

browserTest("a job that fails says why and what to do, and its settings can be mended", async (page) => {
  const service = await serveFolder(folder);
  try {
    const values = new Float32Array(2 * 4 * 4).fill(1);
    values[5] = NaN;
    await writeZarr(`${folder}/nan.zarr`, { shape: [2, 4, 4], chunk: [2, 4, 4], values });
    await page.goto(service.url);
    await fillJob(page, folder, { output: "failing" });
    await textField(page, "Image to deconvolve").fill(`${folder}/nan.zarr`);
    await page.getByRole("button", { name: /^Start/ }).click();
    const failure = page.getByRole("alert").getByText(/NaN/);
    await failure.waitFor();
    assertMatch(await page.getByRole("alert").innerText(), /It failed\.[^]*Mend the image/);
    await page.getByRole("button", { name: "Use these settings again" }).click();
    assertEquals(await textField(page, "Image to deconvolve").inputValue(), `${folder}/nan.zarr`);
  } finally {
    await service.close();
  }
}, REFUSED);

browserTest("a job that runs is cancelled, and its page says so", async (page) => {
  const service = await serveFolder(folder);
  try {
    await page.goto(service.url);
    await fillJob(page, folder, { output: "endless" });
    await textField(page, "Iterations").fill("100000");
    await page.getByRole("button", { name: /^Start/ }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Running").waitFor();
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Cancelled", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Cancel the job" }).waitFor({ state: "detached" });
    assertEquals(await page.getByText("It failed").count(), 0);
  } finally {
    await service.close();
  }
}, REFUSED);

browserTest("a service that goes away is told of, and the page goes on once it is back", async (page) => {
  const first = await serveFolder(folder);
  const port = Number(new URL(first.url).port);
  await page.goto(first.url);
  await fillJob(page, folder, { output: "away" });
  await page.getByRole("button", { name: /^Start/ }).and(page.locator(":enabled")).waitFor();
  await first.close();
  await textField(page, "Iterations").fill("3");
  await page.getByRole("status").getByText("The service does not answer").waitFor();
  const second = await serveFolder(folder, { port });
  try {
    await page.getByText("This is what the job would do").waitFor();
    assertEquals(await page.getByText("The service does not answer").count(), 0);
    await page.getByRole("button", { name: /^Start/ }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
  } finally {
    await second.close();
  }
}, REFUSED);

browserTest("a service with keys asks for one, takes none that is wrong, and forgets it when told", async (page) => {
  const key = createApiKey("ada");
  const records = [{
    id: "ada",
    sha256: apiKeyHash(key),
    roles: ["submit" as const],
    created: "2026-01-05T09:30:00.000Z",
  }];
  const read = () => Promise.resolve(formatKeyRecords(records));
  const service = await serveFolder(folder, {
    auth: { keys: await KeyRing.open({ where: "keys", read }) },
  });
  try {
    await page.goto(`${service.url}/#jobs`);
    await page.getByRole("heading", { name: "This service asks for a key" }).waitFor();
    await page.getByLabel("Key", { exact: true }).fill("cs_wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /not valid here/ }).waitFor();
    await page.getByLabel("Key", { exact: true }).fill(key);
    await page.keyboard.press("Enter");
    await page.getByText("There are no jobs yet").waitFor();
    await page.getByRole("link", { name: "New job" }).click();
    await fillJob(page, folder, { output: "keyed" });
    await page.getByRole("button", { name: /^Start/ }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("Done").waitFor();
    assertMatch(await page.getByRole("region", { name: "Job" }).innerText(), /ada/);
    // The viewer needs no key: its addresses are signed.
    await page.getByRole("button", { name: "Look at the result" }).click();
    await page.locator(".side.after").waitFor();
    assert(!page.url().includes(key));
    await page.goBack();
    await page.getByRole("button", { name: "Forget the key" }).click();
    await page.getByRole("heading", { name: "This service asks for a key" }).waitFor();
    assertEquals(await page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]"), [0, 0, ""]);
  } finally {
    await service.close();
  }
}, REFUSED);
