import { assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { canonicalUrl, keyUrl, redactUrl, schemeOf, splitObject, urlsOverlap } from "shared/storage/url.ts";

Deno.test("a path has the scheme file, also with a drive letter or a colon further on", () => {
  for (const path of ["a/b", "/a", "./a", "C:\\a", "a/b:c", ""]) assertEquals(schemeOf(path), "file");
  assertEquals(["HTTP://x", "s3://b/k", "memory:x"].map(schemeOf), ["http", "s3", "memory"]);
});

Deno.test("user, password, query and fragment are left out of what is shown", () => {
  assertEquals(redactUrl("https://me:pw@host:8/a%20b/?X-Amz-Signature=1#f"), "https://host:8/a%20b/");
  assertEquals(redactUrl("/data/what?.zarr"), "/data/what?.zarr");
  assertEquals(redactUrl("memory:a/b"), "memory:a/b");
});

Deno.test("keys go before the query and are escaped", () => {
  assertEquals(keyUrl("https://host/a.zarr/?sig=1", "0/c/1"), "https://host/a.zarr/0/c/1?sig=1");
  assertEquals(keyUrl("https://host", "a b#?/%"), "https://host/a%20b%23%3F/%25");
});

Deno.test("an object's URL splits into its store and its key", () => {
  assertEquals(splitObject("/data/psf.tif"), { base: "/data", key: "psf.tif" });
  assertEquals(splitObject("/psf.tif"), { base: "/", key: "psf.tif" });
  assertEquals(splitObject("https://host/d/p%20f.tif?sig=a/b"), { base: "https://host/d?sig=a/b", key: "p f.tif" });
  assertEquals(splitObject("memory:a/p.tif"), { base: "memory:a", key: "p.tif" });
});

Deno.test("one place has one spelling", () => {
  assertEquals(canonicalUrl("file:///a/b/../c/"), "/a/c");
  assertEquals(canonicalUrl("/a/./c/"), "/a/c");
  assertEquals(canonicalUrl("HTTPS://Host/a/?q=1"), "https://host/a?q=1");
  assertEquals(canonicalUrl("memory:a/"), "memory:a");
});

Deno.test("places overlap if one is the other or lies inside it", () => {
  assertEquals(urlsOverlap("/a/b.zarr", "/a/b.zarr/0"), true);
  assertEquals(urlsOverlap("/a/b.zarr/", "file:///a/x/../b.zarr"), true);
  assertEquals(urlsOverlap("/a/b.zarr", "/a/b.zarr2"), false);
  assertEquals(urlsOverlap("https://h/a?x=1", "https://h/a/b?y=2"), true);
  assertEquals(urlsOverlap("https://h/a", "https://g/a"), false);
});

Deno.test("a URL that cannot be parsed is refused without repeating it", () => {
  const error = assertThrows(() => redactUrl("http://host:port/?secret"), ClearstackError);
  assertEquals([error.kind, error.message.includes("secret")], ["invalid-request", false]);
});
