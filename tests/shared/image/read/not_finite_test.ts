import { assert, assertEquals } from "@std/assert";
import { voxelCount } from "shared/volume/geometry.ts";
import { notFiniteError } from "shared/image/read/not_finite.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { writeZarr3 } from "../../../fixtures/zarr3.ts";
import { openImage } from "../../../stores.ts";

const SHAPE = [6, 10, 12] as const;

/** An image of ones but for some voxels, named by their index. */
async function imageWith(bad: Readonly<Record<number, number>>): Promise<string> {
  const url = memoryUrl();
  const values = new Float64Array(voxelCount(SHAPE)).fill(1);
  for (const [index, value] of Object.entries(bad)) values[Number(index)] = value;
  await writeZarr3(url, { shape: SHAPE, chunk: [4, 4, 5], dtype: "float64", values });
  return url;
}

const at = (z: number, y: number, x: number) => (z * 10 + y) * 12 + x;

Deno.test("the first voxel in the order of the image is named, with its value as stored, and all are counted", async () => {
  const cases: [Record<number, number>, RegExp][] = [
    [{ [at(5, 9, 11)]: NaN }, /^voxel 5,9,11 \(z,y,x\) of the image is NaN, the only such value; replace /],
    [
      { [at(3, 8, 0)]: Infinity, [at(3, 1, 11)]: -Infinity },
      /^voxel 3,1,11 .* is -Infinity, the first of 2 such values; replace /,
    ],
    [
      { [at(0, 0, 7)]: 1e300, [at(0, 0, 8)]: NaN },
      /^voxel 0,0,7 .* is 1e\+300, beyond the 3\.4e\+38 .*, the first of 2 such values/,
    ],
  ];
  for (const [bad, text] of cases) {
    const image = await openImage({ url: await imageWith(bad) });
    const error = await notFiniteError(image, { outer: [] });
    assert(text.test(error!.message), error!.message);
    assertEquals([error!.kind, error!.need], ["corrupt-data", Object.keys(bad).length]);
  }
  assertEquals(await notFiniteError(await openImage({ url: await imageWith({}) }), { outer: [] }), undefined);
});
