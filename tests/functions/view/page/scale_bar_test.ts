import { assert, assertEquals } from "@std/assert";
import { scaleBar, shortNumber } from "functions/view/page/state/scale_bar.ts";

Deno.test("a scale bar is 1, 2 or 5 of a unit, and as long as its room lets it", () => {
  assertEquals(scaleBar(10, "micrometer", 180), { pixels: 100, label: "10 µm" });
  assertEquals(scaleBar(18, "micrometer", 180), { pixels: 180, label: "10 µm" });
  assertEquals(scaleBar(0.18, "micrometer", 180).label, "1 mm");
  assertEquals(scaleBar(300, "micrometer", 180).label, "500 nm");
  assertEquals(scaleBar(3, "nanometer", 180).label, "50 nm");
  for (const scale of [1e-6, 0.37, 1, 3.3, 900]) {
    const { pixels } = scaleBar(scale, "micrometer", 180);
    // The next longer of 1, 2, 5 is at most 2.5 times as long.
    assert(pixels <= 180 * (1 + 1e-9) && pixels > 180 / 2.5 * (1 - 1e-9), `${scale}: ${pixels}`);
  }
});

Deno.test("without a unit the bar counts voxels, and an unknown unit keeps its name", () => {
  assertEquals(scaleBar(4, undefined, 180).label, "20 px");
  assertEquals(scaleBar(4, "furlong", 180).label, "20 furlong");
});

Deno.test("numbers have three digits, or all before the point", () => {
  assertEquals([0, 1234567, 12.345, 0.00012, 1e9, -2.5, NaN].map(shortNumber), [
    ...["0", "1234567", "12.3", "1.20e-4", "1.00e9", "-2.5", "NaN"],
  ]);
});
