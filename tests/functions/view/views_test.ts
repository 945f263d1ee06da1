/** Views, made and looked at over a socket. */
import { assert, assertEquals } from "@std/assert";
import * as zarr from "zarrita";
import { registerCodecs } from "shared/codec/codecs.ts";
import { bodyOf, sampleView, startViews } from "./view_service.ts";

for (const version of ["0.5", "0.4"] as const) {
  Deno.test(`a view read as OME-Zarr ${version} over HTTP has the voxels that a job would write`, async () => {
    await using service = await startViews();
    const { request, values } = await sampleView();
    const view = await service.views.create(request);
    registerCodecs();
    const root = zarr.root(new zarr.FetchStore(service.rootOf(view, version)));
    const array = await (version === "0.5" ? zarr.open.v3 : zarr.open.v2)(root.resolve("0"), { kind: "array" });
    const { data, shape } = await zarr.get(array);
    assertEquals([data, shape], [values, [20, 40, 36]]);
    assertEquals((await service.views.get(view.id)).tilesDone, 18);
  });
}

Deno.test("keys that there are not are 404, with leave for pages of every origin", async () => {
  await using service = await startViews();
  const { request } = await sampleView();
  const root = service.rootOf(await service.views.create(request));
  for (const key of ["", "0/c/2/0/0", "0/c/0/0", "0/c/00/0/0", "7/c/0/0/0", ".zarray", "0/0/0/0", "labels/zarr.json"]) {
    const response = await fetch(`${root}/${key}`);
    await bodyOf(response, 404);
    assertEquals(response.headers.get("access-control-allow-origin"), "*", key);
  }
});

Deno.test("a chunk is answered whole, in part, by its size alone, or as unchanged", async () => {
  await using service = await startViews();
  const { request } = await sampleView();
  const url = `${service.rootOf(await service.views.create(request))}/0/c/0/0/0`;
  const whole = await fetch(url);
  const bytes = await bodyOf(whole);
  const etag = whole.headers.get("etag")!;
  assert(/^"[\w-]+"$/.test(etag), etag);
  const head = await fetch(url, { method: "HEAD" });
  assertEquals([head.status, head.headers.get("content-length"), head.headers.get("etag")], [
    200,
    String(bytes.length),
    etag,
  ]);
  await head.body?.cancel();
  const part = await fetch(url, { headers: { range: "bytes=4-9" } });
  assertEquals(part.headers.get("content-range"), `bytes 4-9/${bytes.length}`);
  assertEquals(await bodyOf(part, 206), bytes.subarray(4, 10));
  assertEquals(await bodyOf(await fetch(url, { headers: { range: "bytes=-3" } }), 206), bytes.slice(-3));
  await bodyOf(await fetch(url, { headers: { range: `bytes=${bytes.length}-` } }), 416);
  assertEquals((await bodyOf(await fetch(url, { headers: { "if-none-match": etag } }), 304)).length, 0);
  const preflight = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin: "https://viewer.example",
      "access-control-request-method": "GET",
      "access-control-request-headers": "range",
    },
  });
  assertEquals(preflight.headers.get("access-control-allow-headers"), "range");
  await bodyOf(preflight, 204);
});

Deno.test("signatures that are forged, of another view or over are refused, and a deleted view is not there", async () => {
  let ahead = 0;
  await using service = await startViews({ now: () => Date.now() + ahead });
  const [one, other] = [await sampleView(), await sampleView()];
  const view = await service.views.create(one.request);
  const stranger = await service.views.create(other.request);
  const root = service.rootOf(view);
  const key = "/0/c/0/0/0";
  await bodyOf(await fetch(root + key));
  await bodyOf(await fetch(service.rootOf(stranger).replace(stranger.id, view.id) + key), 403);
  await bodyOf(await fetch(root.replace(/\/0\.5$/, "x/0.5") + key), 403);
  await service.views.remove(stranger.id);
  await bodyOf(await fetch(service.rootOf(stranger) + key), 404);
  ahead = 3_600_001;
  await bodyOf(await fetch(root + key), 403);
});
