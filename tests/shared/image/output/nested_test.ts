/** Places inside outputs, and things of others inside arrays. */
import { assertEquals, assertRejects } from "@std/assert";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { planFor, requestFor } from "../../../fixtures/plan.ts";
import { createOutput, openStore } from "../../../stores.ts";

const source: ImageInfo = {
  ...{ url: "memory:source-of-nested", path: "", format: "zarr3", dtype: "uint16", identity: "identity" },
  ...{ shape: [4, 6, 8], chunkShape: [2, 3, 4], axes: axesOf("zyx"), scale: [1, 1, 1] },
};
const plan = planFor({ source, tile: [4, 6, 8], chunk: [2, 6, 8] });
const begin = (url: string, ifExists: "fail" | "overwrite" = "overwrite") =>
  createOutput(plan, requestFor(plan, url, ifExists));
const keysOf = async (url: string) => (await Array.fromAsync(openStore(url).list(""))).sort();

for (const below of ["0", "0/c", "labels/mine", "a/b/c/d"]) {
  Deno.test(`no output is begun in ${below} of another one`, async () => {
    const url = memoryUrl();
    await begin(url);
    const before = await keysOf(url);
    const { kind } = await assertRejects(() => begin(`${url}/${below}`), ClearstackError);
    assertEquals([kind, await keysOf(url)], ["conflict", before]);
  });
}

Deno.test("no output is begun in another one by way of a link", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-nested-" });
  await begin(`${folder}/one.zarr`);
  await Deno.symlink(`${folder}/one.zarr`, `${folder}/link`);
  await assertRejects(() => begin(`${folder}/link/two.zarr`), ClearstackError, "inside another output");
  await begin(`${folder}/two.zarr`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("what is asked of a place in very many folders is refused before any of them is looked into", async () => {
  const deep = `${memoryUrl()}/${"a/".repeat(200)}out`;
  assertEquals((await assertRejects(() => begin(deep), ClearstackError)).kind, "invalid-request");
});

for (const key of ["0/README.md", "0/other/zarr.json", "0/c/notes.txt"]) {
  Deno.test(`an output that holds ${key} is not overwritten, and loses nothing`, async () => {
    const url = memoryUrl();
    await begin(url);
    await openStore(url).put(key, new Uint8Array(3));
    const before = await keysOf(url);
    const error = await assertRejects(() => begin(url), ClearstackError, key.replace(/zarr.json$/, ""));
    assertEquals([error.kind, await keysOf(url)], ["conflict", before]);
  });
}
