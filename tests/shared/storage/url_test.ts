import { assert, assertEquals, assertThrows } from "@std/assert";
import { LocationSchema } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { canonicalUrl, keyUrl, redactUrl, schemeOf, splitObject, urlFault, urlsOverlap } from "shared/storage/url.ts";

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
  assertEquals(splitObject("https://host/d/a%zz"), { base: "https://host/d", key: "a%zz" });
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

for (
  const url of [
    "http:\\\\host\\x?X-Amz-Signature=SECRET",
    "https:/u:SECRET@host/a",
    "https:u:SECRET@host/a",
    "https:///u:SECRET@host/a",
    " https://u:SECRET@host/a",
    "\u0001https://u:SECRET@host/a",
    "ht\ttps://u:SECRET@host/a",
    "https:\n//u:SECRET@host/a",
    "ftp:/u:SECRET@host/a",
    "s3:/u:SECRET@bucket/a",
    "s3:bucket?SECRET",
  ]
) {
  Deno.test(`${JSON.stringify(url)}, which a parser would mend, is refused without repeating it`, () => {
    for (const use of [canonicalUrl, redactUrl]) {
      const { kind, message } = assertThrows(() => use(url), ClearstackError);
      assertEquals([kind, message.includes("SECRET")], ["invalid-request", false]);
    }
    assertEquals(
      JSON.stringify(LocationSchema.safeParse({ url }).error?.issues.map((issue) => issue.path)),
      '[["url"]]',
    );
  });
}

Deno.test("plain URLs and paths have no fault", () => {
  for (
    const url of ["https://h", "s3://b/a b", "/data/a:b?c#d", " a b/c", "C:\\a", "file:///a", "memory:a", "a+b-c://x"]
  ) {
    assertEquals(urlFault(url), undefined, url);
  }
});

Deno.test("a name that no store can write is refused, in the URL and in the path below it", () => {
  for (const name of ["a\0.zarr", "a\ud800.zarr"]) {
    for (const url of [`/data/${name}`, `memory:${name}`, `s3://b/${name}`]) {
      assert(urlFault(url)?.includes("NUL"), url);
    }
    assertEquals(LocationSchema.safeParse({ url: "/data/a.zarr", path: name }).error?.issues[0]?.path, ["path"]);
  }
  assertEquals(LocationSchema.safeParse({ url: "/data/\u{1f52c}.zarr" }).success, true);
});
