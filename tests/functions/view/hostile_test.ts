/** Views of sources that are made to do harm, and requests that are. */
import { assert, assertEquals } from "@std/assert";
import { createSignedApp } from "functions/view/signed_app.ts";
import type { Views } from "functions/view/views.ts";
import { ViewRequestSchema } from "shared/contract/views/view.ts";
import { isClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { countedPages, tiffOf } from "../../fixtures/tiff_pages.ts";
import { openStore } from "../../stores.ts";
import { writePsf } from "../sample_image.ts";
import { bodyOf, sampleView, startViews } from "./view_service.ts";

const PSF = "memory:hostile-views/psf";
await writePsf(PSF);

/** A TIFF whose only directory is followed by itself. */
async function circularTiff(): Promise<string> {
  const bytes = tiffOf(countedPages(1, [3, 5]));
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(4, true);
  view.setUint32(directory + 2 + 12 * view.getUint16(directory, true), directory, true);
  const url = memoryUrl();
  await openStore(url).put("circle.tif", bytes);
  return `${url}/circle.tif`;
}

/** A Zarr whose metadata are this text. */
async function zarrOf(text: string): Promise<string> {
  const url = memoryUrl();
  await openStore(url).put("zarr.json", new TextEncoder().encode(text));
  return url;
}

const array = (more: Record<string, unknown>) =>
  JSON.stringify({
    zarr_format: 3,
    node_type: "array",
    shape: [8, 16, 16],
    data_type: "uint16",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [8, 16, 16] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    dimension_names: ["z", "y", "x"],
    ...more,
  });

const HOSTILE: readonly (readonly [what: string, make: () => Promise<string>])[] = [
  ["directories that go in a circle", circularTiff],
  ["metadata of 20 MiB", () => zarrOf(array({ attributes: { filler: "x".repeat(20 * 2 ** 20) } }))],
  ["metadata that are nested 100,000 deep", () => zarrOf(array({}).replace(/}$/, `,"deep":${"[".repeat(1e5)}`))],
  ["more voxels than there are numbers", () => zarrOf(array({ shape: [2 ** 53, 2 ** 53, 2 ** 53] }))],
  ["chunks of 2^60 voxels", () =>
    zarrOf(
      array({
        shape: [2 ** 20, 2 ** 20, 2 ** 20],
        chunk_grid: { name: "regular", configuration: { chunk_shape: [2 ** 20, 2 ** 20, 2 ** 20] } },
      }),
    )],
];

Deno.test("so many streams of events are open at once, and those that are left make room", async () => {
  const events = () => Promise.resolve(new ReadableStream<Uint8Array>({}, { highWaterMark: 0 }));
  const views = { check: () => "valid", events } as unknown as Views;
  const app = createSignedApp({ views, log: () => {} });
  const listen = (method = "GET") => app.request("/v1/views/a/b/events", { method });
  for (let i = 0; i < 10; i++) assertEquals((await listen("HEAD")).body, null);
  const open = await Promise.all(Array.from({ length: 1000 }, () => listen()));
  const refused = await listen();
  assertEquals([open.every(({ status }) => status === 200), refused.status], [true, 503]);
  assertEquals(refused.headers.get("retry-after"), "1");
  await open[0]!.body!.cancel();
  assertEquals([(await listen()).status, (await listen()).status], [200, 503]);
});

for (const [what, make] of HOSTILE) {
  Deno.test(`a source with ${what} is no view, and views of others are answered as before`, async () => {
    await using service = await startViews();
    const source = { url: await make(), allowEmpty: true };
    const request = ViewRequestSchema.parse({ source, psf: { url: PSF }, backend: "cpu" });
    const error = await service.views.create(request).then(() => undefined, (thrown) => thrown);
    assert(isClearstackError(error) && error.status >= 400 && error.status < 500, `${error}`);
    assertEquals((await service.views.list({})).views, []);
    const view = await service.views.create((await sampleView()).request);
    await bodyOf(await fetch(`${service.rootOf(view)}/0/c/0/0/0`));
  });
}

Deno.test("a view is of one image: a source with all of its images is refused, with their names", async () => {
  await using service = await startViews();
  const { request } = await sampleView();
  const all = { ...request, source: { ...request.source, series: "all" as const } };
  const error = await service.views.create(all).then(() => undefined, (thrown) => thrown);
  assert(isClearstackError(error, "invalid-request") && error.message.includes("series"), `${error}`);
  assertEquals((await service.views.list({})).views, []);
});

Deno.test("a source of which one chunk is damaged gives 500 for the tiles that read it, and all others", async () => {
  await using service = await startViews();
  const { request } = await sampleView();
  await openStore(request.source.url).put("c/0/0/0", new Uint8Array(7));
  const view = await service.views.create(request);
  const root = service.rootOf(view);
  await bodyOf(await fetch(`${root}/zarr.json`));
  const problem = JSON.parse(new TextDecoder().decode(await bodyOf(await fetch(`${root}/0/c/0/0/0`), 500)));
  assertEquals(problem.type, "urn:clearstack:problem:corrupt-data");
  await bodyOf(await fetch(`${root}/0/c/1/2/2`));
});

Deno.test("keys that would leave the view, and numbers beyond any array, are no keys", async () => {
  await using service = await startViews();
  const view = await service.views.create((await sampleView()).request);
  const root = service.rootOf(view);
  for (
    const key of [
      ...["..%2f..%2fsigning.key", "%2e%2e/%2e%2e/signing.key", "0/c/0/0/99999999999999999999", "0/c/-1/0/0"],
      ...[`0/c${"/0".repeat(3000)}`, "0/c/0/0/0/", "0/c/0/0/0%00", ".clearstack/job.json", "1e1/c/0/0/0"],
    ]
  ) {
    const response = await fetch(`${root}/${key}`);
    await response.body?.cancel();
    assertEquals(response.status, 404, key);
  }
});
