import { assert, assertEquals } from "@std/assert";
import { autoContrast, histogramOf, unionContrast } from "functions/view/page/state/contrast.ts";

Deno.test("a histogram counts every finite value once, from the least to the largest", () => {
  const { low, high, counts } = histogramOf([
    new Float32Array([0, 1, 2, 3, 4, NaN, Infinity, -Infinity]),
    new Uint16Array([4, 2]),
  ], 4)!;
  assertEquals([low, high, ...counts], [0, 4, 1, 1, 2, 3]);
});

Deno.test("values that all are the same make a range, and no values make none", () => {
  assertEquals(histogramOf([new Uint8Array([7, 7])], 2)!.high, 8);
  assertEquals(histogramOf([new Float32Array([NaN])], 2), undefined);
  assertEquals(autoContrast([]), undefined);
});

Deno.test("automatic contrast leaves out the darkest hundredth and the brightest thousandth", () => {
  const { start, end } = autoContrast([Uint16Array.from({ length: 10_001 }, (_, index) => index)])!;
  // To a bin of 4096, each 10,000 / 4096 = 2.44 values wide.
  assert(Math.abs(start - 100) <= 2.5 && Math.abs(end - 9990) <= 2.5, `${start} ${end}`);
});

Deno.test("shared contrast holds both, and what one of them has where the other is not known", () => {
  assertEquals(unionContrast([{ start: 1, end: 5 }, { start: 3, end: 9 }]), { start: 1, end: 9 });
  assertEquals(unionContrast([undefined, { start: 3, end: 9 }]), { start: 3, end: 9 });
  assertEquals(unionContrast([undefined]), undefined);
});
