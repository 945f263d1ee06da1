/** Views of jobs that store integers. */
import { assert, assertEquals } from "@std/assert";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { openImage } from "../../stores.ts";
import { sampleRequest } from "../identity_jobs.ts";
import { bodyOf, startViews } from "./view_service.ts";

/** All voxels of a view, read in the process that computes them. */
async function read(root: string, dtype: "uint8" | "uint16"): Promise<Float32Array> {
  const image = await openImage({ url: root });
  assertEquals(image.info.dtype, dtype);
  return await readVolumes(image);
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
  const written = await readVolumes(await openImage({ url: request.output.url }));
  assertEquals(await read(root, "uint16"), written);
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
  const voxels = await read(root, "uint8");
  const { clearstack: { intensity }, ome } = await attributes();
  if (before.clearstack.intensity === undefined) assertEquals(before.ome.omero, undefined);
  assert(ome.omero.channels[0].window.max <= 255);
  assertEquals(voxels.length, values.length);
  voxels.forEach((step, index) =>
    assert(Math.abs(step * intensity.scale - values[index]!) <= intensity.scale / 2 + 1e-3)
  );
});
