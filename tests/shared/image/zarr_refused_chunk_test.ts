import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import type { Image } from "shared/image/image.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { writeZarr } from "../../functions/sample_image.ts";
import { openImage, openStore } from "../../stores.ts";

const SHAPE = [4, 4, 4] as const;

/** A server like a bucket that may not be listed: 403 for what is not there. */
async function withUnlistable(stored: string, run: (root: string) => Promise<void>): Promise<void> {
  const store = openStore(stored);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async ({ url }) => {
    const bytes = await store.get(new URL(url).pathname.slice(1));
    return bytes === undefined ? new Response(null, { status: 403 }) : new Response(bytes as Uint8Array<ArrayBuffer>);
  });
  try {
    await run(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("a refused chunk of an array whose metadata are read says that it may be absent, and what helps", async () => {
  const stored = memoryUrl();
  await writeZarr(stored, { shape: SHAPE, chunk: [2, 4, 4], values: new Float32Array(64).fill(1) });
  await openStore(stored).delete("c/1/0/0");
  await withUnlistable(stored, async (root) => {
    const image: Image = await openImage({ url: root });
    assertEquals((await image.readChunk([0, 0, 0])).values[0], 1);
    for (const look of [() => image.readChunk([1, 0, 0]), () => image.unstored!.isStored([1, 0, 0])]) {
      const error = await assertRejects(look, ClearstackError);
      assertEquals(error.kind, "forbidden");
      assertStringIncludes(error.message, "c/1/0/0: the server answered 403");
      assertStringIncludes(error.message, "may be one that is not stored");
      assertStringIncludes(error.message, "s3:ListBucket");
    }
  });
});
