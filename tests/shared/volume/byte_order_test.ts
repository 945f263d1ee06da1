import { assertEquals } from "@std/assert";
import { swapBytes } from "shared/volume/byte_order.ts";

for (const itemBytes of [1, 2, 4, 8]) {
  Deno.test(`items of ${itemBytes} bytes are reversed each, and nothing around them`, () => {
    const around = Uint8Array.from({ length: 40 }, (_, index) => 7 * index + 250);
    const expected = around.slice();
    for (let at = 8; at < 32; at += itemBytes) expected.subarray(at, at + itemBytes).reverse();
    swapBytes(around.subarray(8, 32), itemBytes);
    assertEquals(around, expected);
  });
}
