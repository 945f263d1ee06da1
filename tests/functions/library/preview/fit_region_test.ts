import { assert, assertEquals, assertThrows } from "@std/assert";
import { fitRegion } from "functions/library/preview/fit_region.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Box, voxelCount } from "shared/volume/geometry.ts";

/** Takes regions of at most so many voxels. */
const within = (most: number) => ({ shape }: Box): number => {
  if (voxelCount(shape) <= most) return voxelCount(shape);
  throw new ClearstackError("over-budget", "too large", { need: voxelCount(shape), limit: most });
};

const WANTED = { start: [0, 100, 200], shape: [40, 300, 500], middle: [30, 250, 450], depthAxis: 0 } as const;

Deno.test("a region within the budget is taken whole", () => {
  const { region } = fitRegion(WANTED, within(40 * 300 * 500));
  assertEquals(region, { start: [0, 100, 200], shape: [40, 300, 500] });
});

Deno.test("a larger one loses planes first, about the plane that is looked at", () => {
  const { region: { start, shape } } = fitRegion(WANTED, within(10 * 300 * 500));
  assertEquals([shape[1], shape[2], start[1], start[2]], [300, 500, 100, 200]);
  assert(shape[0] <= 10 && shape[0] >= 5, `${shape}`);
  assert(start[0] <= 30 && 30 < start[0] + shape[0], `${start}`);
});

Deno.test("with one plane left it loses its rim, the middle of the screen kept", () => {
  const { region: { start, shape } } = fitRegion(WANTED, within(20_000));
  assertEquals(shape[0], 1);
  assertEquals(start[0], 30);
  for (const axis of [1, 2] as const) {
    const first = start[axis]!;
    assert(first <= WANTED.middle[axis] && WANTED.middle[axis] < first + shape[axis]!, `${start} ${shape}`);
  }
});

Deno.test("where a voxel is too much, or something else is wrong, that is said", () => {
  const error = assertThrows(() => fitRegion(WANTED, within(0)), ClearstackError);
  assertEquals([error.kind, error.limit], ["over-budget", 2 ** 24]);
  assertThrows(
    () =>
      fitRegion(WANTED, () => {
        throw new ClearstackError("invalid-request", "a setting");
      }),
    ClearstackError,
    "a setting",
  );
});
