/** Functions of Node that the page has stand-ins for: they give what Node's give. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";
import { createHash as createPageHash } from "functions/view/page/data/browser_crypto.ts";
import { promisify } from "functions/view/page/data/browser_util.ts";
import { digest } from "functions/view/page/data/subtle_by_http.ts";
import { crc32 as pageCrc32, inflateRaw } from "functions/view/page/data/browser_zlib.ts";

Deno.test("text is hashed as Node hashes it, of every length about a block, and beyond ASCII", () => {
  const texts = [
    ...Array.from({ length: 140 }, (_, length) => "x".repeat(length)),
    "Zellkern – µm",
    "a".repeat(100_000),
  ];
  for (const text of texts) {
    const expected = createHash("sha256").update(text).digest("hex");
    assertEquals(createPageHash("sha256").update(text).digest("hex"), expected, `${text.length} characters`);
  }
  const parts = createPageHash("sha256").update("one").update("two").digest("hex");
  assertEquals(parts, createHash("sha256").update("onetwo").digest("hex"));
  assertThrows(() => createPageHash("md5" as never));
});

Deno.test("bytes are hashed as browsers hash them on pages that come by https", async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001]) {
    const bytes = Uint8Array.from({ length: length + 3 }, (_, i) => (i * i) % 256).subarray(3);
    assertEquals(await digest("SHA-256", bytes), await crypto.subtle.digest("SHA-256", bytes), `${length} bytes`);
  }
  await assertRejects(() => digest("SHA-1", new Uint8Array(1)));
});

Deno.test("bare DEFLATE is inflated, no further than it may be, and checked as zips are", async () => {
  const plain = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
  const inflate = promisify(inflateRaw);
  const stored = new Uint8Array(deflateRawSync(plain));
  assertEquals(await inflate(stored, { maxOutputLength: plain.length }), plain);
  assertEquals(pageCrc32(plain), crc32(plain));
  await assertRejects(() => inflate(stored, { maxOutputLength: 4999 }), Error, "more than the 4999 bytes");
  await assertRejects(() => inflate(stored.subarray(0, 50), { maxOutputLength: plain.length }));
});
