import { assertEquals } from "@std/assert";
import { PHANTOMS } from "../../../infra/quality/phantoms.ts";

for (const [name, phantom] of Object.entries(PHANTOMS)) {
  Deno.test(`the phantom of ${name} is the same every time, from dark to bright`, () => {
    const voxels = phantom(32);
    assertEquals(voxels, phantom(32));
    assertEquals([voxels.length, Math.min(...voxels), Math.max(...voxels)], [32 ** 3, 0, 1]);
  });
}

Deno.test("bars are hollow and mirror-symmetric along their axis", () => {
  const voxels = PHANTOMS.bars!(64);
  const at = (z: number, y: number, x: number) => voxels[(z * 64 + y) * 64 + x]!;
  // The first bar: centre (17.9, 12.2), radius 3.2.
  assertEquals([at(18, 12, 32), at(18, 15, 32)], [0, 1]);
  // Voxel x and voxel 64 - x lie symmetrically about side / 2.
  for (let x = 1; x < 64; x++) assertEquals(at(18, 15, x), at(18, 15, 64 - x));
});

Deno.test("the head of Shepp and Logan has its four grey levels", () => {
  const levels = new Set(PHANTOMS["Shepp-Logan"]!(64));
  assertEquals([...levels].sort((a, b) => a - b), [0, 0.1, 0.2, 0.3, 1]);
});
