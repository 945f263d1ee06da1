import { assert, assertEquals } from "@std/assert";
import { trafficTable } from "../../../infra/bench/gpu/traffic.ts";

/** Bytes per voxel and iteration by counting by hand, beside column 0 and tables: whole box, slabs. */
const EXPECTED = [[84, 52], [80, 48], [80, 48], [78, 46], [82, 50], [78, 46], [78, 46], [76, 44]];

Deno.test("an iteration moves 84 bytes per voxel, 52 with slabs, and 44 with everything that saves some", () => {
  for (const side of [256, 512]) {
    const rows = trafficTable([side, side, side]);
    assertEquals(rows.length, EXPECTED.length);
    rows.forEach(({ name, wholeBox, slabs }, i) => {
      const [whole, cached] = EXPECTED[i];
      // Column 0 is read, multiplied and written by itself twice: 2 x 24 bytes of the voxels of a row, and a few tables.
      const allowance = 48 / side + 0.02;
      assert(wholeBox >= whole && wholeBox <= whole + allowance, `${name}: ${wholeBox}`);
      assert(slabs >= cached && slabs <= cached + allowance, `${name} in slabs: ${slabs}`);
    });
  }
});
