import { assertEquals } from "@std/assert";
import { crc32c } from "shared/codec/crc32c.ts";

Deno.test("CRC-32C of the vectors of RFC 3720, appendix B.4", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
});

/** One bit after the other, as the polynomial's definition has it. */
function byBits(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

Deno.test("CRC-32C of bytes at any address, in any number", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, index) => (index * 167 + 13) & 0xff);
  for (let offset = 0; offset < 9; offset++) {
    for (let length = 0; offset + length <= bytes.length; length++) {
      const part = bytes.subarray(offset, offset + length);
      assertEquals(crc32c(part), byBits(part), `${length} bytes from ${offset}`);
    }
  }
});
