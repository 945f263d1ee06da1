import { assert, assertEquals } from "@std/assert";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { stratifiedPicks } from "shared/decide/stratified.ts";
import { indices, writeZarr } from "../../../functions/sample_image.ts";
import { openImage, reopenImage } from "../../../stores.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";

/** Every voxel its own number, from 1, so that padding (0) shows. */
async function numbered(name: string, shape: number[], chunk: number[]) {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index + 1);
  await writeZarr(`memory:${name}`, { shape, chunk, values });
  return { image: await openImage({ url: `memory:${name}` }), values };
}

Deno.test("a small image is sampled whole, without the padding of its last chunks", async () => {
  const { image, values } = await numbered("sample-small", [3, 7, 10], [2, 4, 4]);
  const { values: sample, bytesRead } = await sampleVoxels(image, { seed: 0 });
  assertEquals(sample.toSorted(), values);
  assertEquals(bytesRead, [...indices([2, 2, 3])].length * 2 * 4 * 4 * 4);
});

Deno.test("a larger image is sampled evenly, the same for the same seed", async () => {
  const { image, values } = await numbered("sample-large", [128, 20, 20], [1, 20, 20]);
  const read = async (seed: number) => (await sampleVoxels(image, { seed })).values;
  const sample = await read(1);
  assertEquals([sample, sample.length], [await read(1), 32 * 400]);
  assert((await read(2)).some((value, i) => value !== sample[i]));
  // 32 whole planes, one from every four, so the mean is off by at most half a stretch of four planes.
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  assert(Math.abs(mean - values.length / 2) < 2 * 400, `${mean}`);
});

Deno.test("picks rise, one from each stretch, all where there are few", () => {
  const picks = stratifiedPicks(1000, 10, { seed: 3, stream: 5 });
  picks.forEach((pick, i) => assert(pick >= 100 * i && pick < 100 * (i + 1), `${picks}`));
  assertEquals(stratifiedPicks(3, 10, { seed: 3, stream: 5 }), [0, 1, 2]);
});

Deno.test("of each chunk a bright voxel is told, not the few that are brighter still", async () => {
  const values = new Float32Array(2 * 2 * 8 * 8 * 8).fill(1);
  // Channel 1 of time 1: a block of light in the last chunk, and a hot pixel in the first one.
  const at = (z: number, y: number, x: number) => (((2 * 1 + 1) * 8 + z) * 8 + y) * 8 + x;
  for (let step = 0; step < 6; step++) values[at(5, 6, 1 + step)] = 10 + step;
  values[at(1, 1, 1)] = 1000;
  const shape = [2, 2, 8, 8, 8];
  await writeZarr("memory:sample-bright", { shape, chunk: [1, 1, 4, 8, 8], values, axes: [..."tczyx"] });
  const image = await openImage({ url: "memory:sample-bright" });
  const { bright } = await sampleVoxels(image, { seed: 0, channel: 1 });
  assertEquals([bright.length, bright[0]], [4, { outer: [1, 1], at: [5, 6, 3] }]);
});

Deno.test("places of a sample are those of the whole volume and of the times that are shown", async () => {
  const values = Float32Array.from({ length: 4 * 8 * 8 }, (_, index) => index);
  await writeZarr("memory:sample-part", { shape: [4, 8, 8], chunk: [1, 8, 8], values, axes: [..."tyx"] });
  const stored = await openImage({ url: "memory:sample-part" });
  const info = selectVolumes(stored.info, { times: { start: 1, stop: 4, step: 2 }, box: { y: [2, 4], x: [0, 3] } });
  const { bright } = await sampleVoxels(await reopenImage(info), { seed: 0 });
  // Three voxels of each plane are brighter.
  assertEquals(bright, [{ outer: [1], at: [0, 7, 4] }, { outer: [0], at: [0, 7, 4] }]);
});
