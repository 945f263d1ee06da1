import { assertEquals } from "@std/assert";
import { crc32c } from "shared/storage/crc32c.ts";

Deno.test("CRC-32C of the vectors of RFC 3720, appendix B.4", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
});
