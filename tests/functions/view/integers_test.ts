/** Views of jobs that store integers. */
import { assert, assertEquals } from "@std/assert";
import * as zarr from "zarrita";
import { registerCodecs } from "shared/codec/codecs.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { openImage } from "../../stores.ts";
import { sampleRequest } from "../identity_jobs.ts";
import { bodyOf, startViews } from "./view_service.ts";

/** All voxels of a view, by a reader that waits for nothing that the view itself needs to read its source. */
async function read(root: string): Promise<Uint8Array | Uint16Array> {
  registerCodecs();
  const array = await zarr.open.v3(zarr.root(new zarr.FetchStore(root)).resolve("0"), { kind: "array" });
  return (await zarr.get(array)).data as Uint8Array | Uint16Array;
}

Deno.test("a view of a job shows the integers that the job stores, what they stand for, and windows in their numbers", async () => {
  await using service = await startViews();
  const { request, values } = await sampleRequest();
  const { id } = await service.jobs.submit({ ...request, output: { ...request.output, dtype: "uint16" } }, {});
  await Array.fromAsync(await service.jobs.events(id, { signal: AbortSignal.timeout(60_000) }));
  const { result } = await service.jobs.get(id);
  const peak = values.reduce((most, value) => Math.max(most, value), 0);
  assert(result!.decisions!.range![1] >= peak, `${result!.decisions!.range}`);
  const root = service.rootOf(await service.views.create({ job: id }));
  const { attributes } = JSON.parse(new TextDecoder().decode(await bodyOf(await fetch(`${root}/zarr.json`))));
  assertEquals(attributes.clearstack.intensity, result!.intensity);
  const [{ window }] = attributes.ome.omero.channels;
  const { scale } = result!.intensity!;
  // The window ends at the brightest thousandth of the values, which are up to 4000 in steps of 1.
  assert(window.start >= 0 && window.max <= 65535 && window.end > 3900 / scale, JSON.stringify(window));
  const viewed = await read(root);
  assert(viewed instanceof Uint16Array);
  assertEquals(Float32Array.from(viewed), await readVolumes(await openImage({ url: request.output.url })));
});

Deno.test("a view of a job whose range nobody has decided yet decides it by itself, and then says so", async () => {
  await using service = await startViews();
  const { request, values } = await sampleRequest();
  const status = await service.jobs.submit({ ...request, output: { ...request.output, dtype: "uint8" } }, {});
  await service.jobs.cancel(status.id);
  const root = service.rootOf(await service.views.create({ job: status.id }));
  const attributes = async () =>
    JSON.parse(new TextDecoder().decode(await bodyOf(await fetch(`${root}/zarr.json`)))).attributes;
  const before = await attributes();
  const voxels = await read(root);
  const { clearstack: { intensity }, ome } = await attributes();
  if (before.clearstack.intensity === undefined) assertEquals(before.ome.omero, undefined);
  assert(ome.omero.channels[0].window.max <= 255);
  assertEquals(voxels.length, values.length);
  voxels.forEach((step, index) =>
    assert(Math.abs(step * intensity.scale - values[index]!) <= intensity.scale / 2 + 1e-3)
  );
});
