import { assert, assertEquals } from "@std/assert";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { stratifiedPicks } from "shared/decide/stratified.ts";
import { indices, writeZarr } from "../../../functions/sample_image.ts";
import { openImage } from "../../../stores.ts";

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
