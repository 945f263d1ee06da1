import { assert, assertEquals } from "@std/assert";
import { bestPadding, isEven, paddedLength, turnsOf } from "kernels/webgpu/fft/padding.ts";
import { columnShape, rowShape } from "kernels/webgpu/fft/workgroups.ts";
import { DEFAULT_LIMITS } from "kernels/webgpu/device/limits.ts";
import { LARGE_GPU } from "../../../infra/bench/gpu/traffic.ts";

Deno.test("lanes that write sixteen words apart take turns, unless there is a gap after every sixteenth", () => {
  const plan = { length: 256, radices: [16, 16], lanes: 16 };
  const layout = { plan, words: 2, columns: 1 } as const;
  // 16 writes of 16 lanes that all meet in one pair of banks, 16 reads of neighbours; there and back.
  assertEquals(turnsOf(layout, undefined), 2 * (16 * 16 + 16));
  assertEquals(turnsOf(layout, 4), 2 * (16 + 16));
  assertEquals(bestPadding(layout, [undefined, 3, 4, 5], 0.5), 4);
  // Sixteen columns beside each other fill all banks.
  assertEquals(bestPadding({ ...layout, columns: 16 }, [undefined, 3, 4, 5], 0.05), undefined);
});

Deno.test("elements are even where the gaps between them are the same from wherever they begin", () => {
  for (const padding of [undefined, 3, 4, 5]) {
    for (const step of [1, 2, 3, 4, 8, 12, 16, 32, 40, 96, 128]) {
      for (const count of [2, 3, 4, 5, 8, 16]) {
        // Gaps repeat after 32 elements and blocks after count * step, so that 32 blocks show everything.
        const distances = Array.from({ length: 32 * step }, (_, i) => {
          const first = Math.floor(i / step) * count * step + i % step;
          return Array.from(
            { length: count },
            (_, k) => paddedLength(first + k * step, padding) - paddedLength(first, padding),
          );
        });
        const same = distances.every((each) =>
          each.every((distance, k) => distance === k * paddedLength(step, padding))
        );
        assertEquals(isEven(step, count, padding), same, `${count} elements, ${step} apart, a gap after ${padding}`);
      }
    }
  }
});

Deno.test("columns of 2,048 and rows of even radices are padded, and the memory of a workgroup still holds them", () => {
  assertEquals(columnShape(2048, 256, 1, LARGE_GPU).padding, 4);
  for (const length of [256, 512, 1024, 2048]) assertEquals(rowShape(length, 128, LARGE_GPU).padding, 4);
  for (const limits of [DEFAULT_LIMITS, LARGE_GPU]) {
    for (const length of [64, 384, 512, 540, 768, 1024, 2048]) {
      const { columns, split, padding } = columnShape(length, 256, 1, limits);
      const bytes = (split ? 4 : 8) * columns * paddedLength(length, padding);
      assert(bytes <= limits.maxComputeWorkgroupStorageSize, `${length}: ${bytes} bytes`);
    }
  }
});
