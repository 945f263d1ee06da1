/** Files of a visitor's machine as stores, and what the stores of a browser refuse. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openReadable, openStore } from "functions/library/preview/browser_stores.ts";
import { placeFiles } from "functions/library/preview/dropped_store.ts";
import { placeFiles as nameFiles } from "functions/view/page/files/place_files.ts";
import { PreviewWorker } from "functions/view/page/preview/preview_worker.ts";
import { ClearstackError } from "shared/errors.ts";

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

Deno.test("files that were chosen are read by ranges, listed, and no longer than they are", async () => {
  placeFiles("memory:files/1", [
    { key: "a.zarr/zarr.json", file: new Blob(["{}"]) },
    { key: "a.zarr/c/0/0", file: new Blob(["0123456789"]) },
  ]);
  const store = openReadable("memory:files/1/a.zarr");
  assertEquals(text(await store.get("zarr.json")), "{}");
  assertEquals(text(await store.getRange("c/0/0", { offset: 3, length: 4 })), "3456");
  assertEquals(text(await store.getRange("c/0/0", { suffixLength: 2 })), "89");
  assertEquals(await store.head("c/0/0"), { size: 10 });
  assertEquals(await store.get("none"), undefined);
  assertEquals(await Array.fromAsync(store.listNames("")), ["zarr.json", "c/"]);
  assertEquals(await Array.fromAsync(store.list("c/")), ["c/0/0"]);
  await assertRejects(
    () => store.getRange("c/0/0", { offset: 8, length: 4 }),
    ClearstackError,
    "a.zarr/c/0/0 is shorter",
  );
  await assertRejects(() => store.get("c/0/0", { maxBytes: 9 }), ClearstackError, "at most 9");
});

Deno.test("a file that is gone by the time it is read says that it has to be chosen again", async () => {
  const gone = new Blob(["voxels"]);
  gone.arrayBuffer = () => Promise.reject(new DOMException("it was moved", "NotReadableError"));
  placeFiles("memory:files/2", [{ key: "gone.tif", file: gone }]);
  const error = await assertRejects(() => openReadable("memory:files/2").get("gone.tif"), ClearstackError);
  assertEquals([error.kind, error.message], [
    "conflict",
    "gone.tif cannot be read any more (it was moved): choose it again",
  ]);
});

Deno.test("a browser opens no buckets and writes nothing", () => {
  assertThrows(() => openReadable("s3://bucket/a.zarr"), ClearstackError, "cannot open s3:");
  assertThrows(() => openStore("memory:out"), ClearstackError, "writes nothing");
});

Deno.test("two planes whose names differ only where names here do not are refused, since one would be missing", async () => {
  const files = ["一.tif", "二.tif"].map((key) => ({ key, file: new Blob([key]) }));
  await assertRejects(
    () => nameFiles(new PreviewWorker(), files),
    ClearstackError,
    "一.tif and 二.tif would both be called _.tif: rename one",
  );
});
