/** Images as they are, passed on by the service at addresses that nobody can guess. */
import { assert, assertEquals, assertNotMatch, assertRejects } from "@std/assert";
import { ImageTokens } from "functions/view/images/image_token.ts";
import { httpViewRunner } from "shared/engine/http_view_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { answerObject } from "shared/http/answer_object.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { Location } from "shared/contract/location.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { countedPages, tiffOf } from "../../fixtures/tiff_pages.ts";
import { openImage, openStore } from "../../stores.ts";
import { patternedVoxels, writeZarr } from "../sample_image.ts";
import { writeImage } from "./page/written_image.ts";
import { startViews } from "./view_service.ts";

/** All voxels of an image. */
async function voxelsOf(location: Location): Promise<Float32Array> {
  const image = await openImage(location);
  const outer = image.info.shape.slice(0, -3).map(() => 0);
  const box = { start: [0, 0, 0] as const, shape: spatialShape(image.info) };
  return (await readBox(image, { outer, box, boundary: "constant" })).values;
}

/** A TIFF of three pages of 5 x 7 voxels. */
async function tiff(): Promise<string> {
  const url = memoryUrl();
  await openStore(url).put("stack.tif", tiffOf(countedPages(3, [5, 7])));
  return `${url}/stack.tif`;
}

Deno.test("a TIFF and a Zarr are passed on voxel by voxel, as OME-Zarrs that any viewer reads", async () => {
  await using service = await startViews();
  const zarr = memoryUrl();
  await writeZarr(zarr, { shape: [6, 20, 24], chunk: [4, 16, 16], values: patternedVoxels([6, 20, 24]) });
  for (const url of [await tiff(), zarr]) {
    const shown = await httpViewRunner(service.url).show({ url });
    assertEquals(shown.paths, [""]);
    assertEquals(shown.image, { ...(await openImage({ url })).info, ...shown.image });
    assertEquals(await voxelsOf({ url: service.url + shown.url }), await voxelsOf({ url }));
  }
});

Deno.test("an OME-Zarr is passed on with all its levels and names, and nothing else of its folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shape = [1, 1, 4, 32, 48] as const;
    const omero = { channels: [{ label: "DNA" }] };
    const value = (_t: number, _c: number, z: number, y: number, x: number) => z + y + x;
    const image = { name: "image.zarr", shape, format: 3, dtype: "uint16", value, attributes: { omero } } as const;
    const url = await writeImage(folder, image);
    await Deno.writeTextFile(`${url}/notes.txt`, "secret");
    await using service = await startViews();
    const shown = await httpViewRunner(service.url).show({ url });
    const root = service.url + shown.url;
    assertEquals((await openImage({ url: root })).info.channels, [{ name: "DNA" }]);
    assertEquals((await openImage({ url: root, path: "1" })).info.shape, [1, 1, 4, 16, 24]);
    for (const key of ["notes.txt", "..%2fimage.zarr/zarr.json", "0/../notes.txt", ""]) {
      const answer = await fetch(`${root}/${key}`);
      assertEquals([key, answer.status], [key, 404]);
      await answer.body?.cancel();
    }
    const open = await fetch(`${root}/zarr.json`, { headers: { origin: "https://viewer.example" } });
    assertEquals(open.headers.get("access-control-allow-origin"), "*");
    await open.body?.cancel();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an image that is named by a link is passed on as a job reads it, and a link in it that leads out is not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shape = [2, 4, 4];
    await writeZarr(`${folder}/image.zarr`, { shape, chunk: [1, 4, 4], values: patternedVoxels(shape) });
    await Deno.writeFile(`${folder}/stack.tif`, tiffOf(countedPages(3, [5, 7])));
    await using service = await startViews();
    for (const name of ["image.zarr", "stack.tif"]) {
      await Deno.symlink(name, `${folder}/linked-${name}`);
      const shown = await httpViewRunner(service.url).show({ url: `${folder}/linked-${name}` });
      assertEquals(await voxelsOf({ url: service.url + shown.url }), await voxelsOf({ url: `${folder}/${name}` }));
    }
    await Deno.rename(`${folder}/image.zarr/c/1/0/0`, `${folder}/elsewhere`);
    await Deno.symlink(`${folder}/elsewhere`, `${folder}/image.zarr/c/1/0/0`);
    const shown = await httpViewRunner(service.url).show({ url: `${folder}/linked-image.zarr` });
    for (const [key, status] of [["c/0/0/0", 200], ["c/1/0/0", 403]] as const) {
      const answer = await fetch(`${service.url}${shown.url}/${key}`);
      await answer.body?.cancel();
      assertEquals([key, answer.status], [key, status]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a chunk that is written as a web page is none for a browser, nor is anything else of an image", async () => {
  await using service = await startViews();
  const zarr = memoryUrl();
  await writeZarr(zarr, { shape: [2, 4, 4], chunk: [2, 4, 4], values: patternedVoxels([2, 4, 4]) });
  await openStore(zarr).put("c/0/0/0", new TextEncoder().encode("<html><script>alert(origin)</script>".padEnd(64)));
  for (const url of [zarr, await tiff()]) {
    const shown = await httpViewRunner(service.url).show({ url });
    for (const key of ["zarr.json", "c/0/0/0", "0/zarr.json", "0/c/0/0/0", "0/c/9/9/9"]) {
      const { headers, body } = await fetch(`${service.url}${shown.url}/${key}`);
      await body?.cancel();
      assertEquals([key, headers.get("x-content-type-options")], [key, "nosniff"]);
      assertEquals(headers.get("content-security-policy"), "default-src 'none'; sandbox");
      assert(["application/octet-stream", null].includes(headers.get("content-type")), key);
    }
  }
});

Deno.test("objects of images are waited for by so many callers at a time, and who comes later is told to ask again", async () => {
  await using service = await startViews();
  const bytes = tiffOf(countedPages(3, [5, 7]));
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let isSlow = false;
  const source = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ headers, method }) => {
    if (isSlow) await held;
    return await answerObject(new Request("http://localhost", { headers, method }), {
      size: bytes.length,
      read: ({ offset, length }) => bytes.slice(offset, offset + length),
    });
  });
  const shown = await httpViewRunner(service.url).show({ url: `http://127.0.0.1:${source.addr.port}/stack.tif` });
  isSlow = true;
  const ask = async () => {
    const { status, body } = await fetch(`${service.url}${shown.url}/0/c/1/0/0`);
    await body?.cancel();
    if (status === 503) release();
    return status;
  };
  const statuses = await Promise.all(Array.from({ length: 513 }, ask));
  assertEquals(statuses.filter((status) => status === 200).length, 512);
  assertEquals(statuses.filter((status) => status === 503).length, 1);
  await source.shutdown();
});

Deno.test("of a source of several images, all are named and the first is shown", async () => {
  await using service = await startViews();
  const plate = memoryUrl();
  const store = openStore(plate);
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  await store.put(
    "zarr.json",
    json({ zarr_format: 3, node_type: "group", attributes: { "bioformats2raw.layout": 3 } }),
  );
  await store.put(
    "OME/zarr.json",
    json({ zarr_format: 3, node_type: "group", attributes: { ome: { series: ["0", "1"] } } }),
  );
  for (const series of ["0", "1"]) {
    const axes = ["z", "y", "x"].map((name) => ({ name, type: "space" }));
    const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1, 1] }] }];
    const attributes = { ome: { version: "0.5", multiscales: [{ axes, datasets }] } };
    await writeZarr(`${plate}/${series}/0`, { shape: [2, 4, 4], chunk: [2, 4, 4], values: patternedVoxels([2, 4, 4]) });
    await store.put(`${series}/zarr.json`, json({ zarr_format: 3, node_type: "group", attributes }));
  }
  const shown = await httpViewRunner(service.url).show({ url: plate });
  assertEquals([shown.paths, shown.image.path], [["0", "1"], "0/0"]);
  assertEquals((await openImage({ url: service.url + shown.url })).info.shape, [2, 4, 4]);
});

Deno.test("an address tells nothing of its image, and is worth nothing once it is changed or over", async () => {
  let now = Date.now();
  await using service = await startViews({ now: () => now });
  const url = await tiff();
  const shown = await httpViewRunner(service.url).show({ url });
  assertNotMatch(shown.url, /stack|memory/);
  const status = async (address: string) => {
    const answer = await fetch(`${service.url}${address}/zarr.json`);
    await answer.body?.cancel();
    return answer.status;
  };
  assertEquals(await status(shown.url), 200);
  const middle = shown.url.length - 20;
  const changed = shown.url.slice(0, middle) + (shown.url[middle] === "A" ? "B" : "A") + shown.url.slice(middle + 1);
  for (const address of [changed, `${shown.url}A`, "/v1/images/none", "/v1/images/%00"]) {
    assertEquals(await status(address), 403);
  }
  now = Date.parse(shown.expires) + 1;
  assertEquals(await status(shown.url), 403);
});

Deno.test("tokens of two keys mean nothing to each other, and no two of one image are the same", async () => {
  const [a, b] = [1, 2].map((value) => new ImageTokens(new Uint8Array(32).fill(value))) as [ImageTokens, ImageTokens];
  const grant = { location: { url: "memory:a" }, expiresMs: 10 };
  const tokens = [await a.seal(grant), await a.seal(grant)] as const;
  assert(tokens[0] !== tokens[1]);
  assertEquals([await a.open(tokens[0], 9), await a.open(tokens[0], 10), await b.open(tokens[0], 9)], [
    grant,
    undefined,
    undefined,
  ]);
});

Deno.test("what is no image is refused as a job's source is", async () => {
  await using service = await startViews();
  await assertRejects(
    () => httpViewRunner(service.url).show({ url: memoryUrl() }),
    ClearstackError,
    "does not exist",
  );
});
