import { assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { assertOutputName, computedRequest, isTiffOutput } from "shared/image/output_form.ts";

const computed = (url: string) =>
  computedRequest({ output: { url, ifExists: "fail" as const, pyramid: "auto" as const } }).output;

Deno.test("the form of an output follows the ending of its name, whatever stands before or behind it", () => {
  const zarrs = [
    "out",
    "a.b/out",
    "out.ZARR/",
    "s3://bucket",
    "s3://b.c/x?sig=a.tif",
    "memory:x",
    "sample_0.5",
    ".tif",
  ];
  for (const url of [...zarrs, "memory://user:p@host/a.zarr?signature=x.y"]) {
    assertOutputName(url);
    assertEquals(isTiffOutput(url), false, url);
  }
  for (const url of ["out.tif", "OUT.ome.TIFF", "gs://b/x.tif?sig=1", "file:///a/x.tif", "memory:a/x.tif"]) {
    assertOutputName(url);
    assertEquals(isTiffOutput(url), true, url);
  }
  for (const url of ["a.czi", "s3://b/x.n5", "x.tif?y.z", "x.zarr.zip", "memory:x.tif"]) {
    const { path } = assertThrows(() => assertOutputName(url), ClearstackError, "output.url: ");
    assertEquals(path, "output.url");
  }
});

Deno.test("a TIFF is computed beside itself, of one level; a Zarr in its own place", () => {
  const zarr = { url: "out.zarr", ifExists: "fail", pyramid: "auto" } as const;
  assertEquals(computedRequest({ output: zarr }).output, zarr);
  const unfinished = { url: "s3://b/f/x.tif.unfinished.zarr?k=1", ifExists: "resume", pyramid: "none" } as const;
  assertEquals(computed("s3://b/f/x.tif?k=1"), unfinished);
  assertEquals(computed("memory:f/x.tif").url, "memory:f/x.tif.unfinished.zarr");
  assertEquals(computed("/a/x.tif").url, "/a/x.tif.unfinished.zarr");
});
