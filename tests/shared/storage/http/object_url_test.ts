import { assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { encodeKey, parseObjectUrl, urlWithQuery } from "shared/storage/http/object_url.ts";

const parts = (url: string) => {
  const { host, path, root } = parseObjectUrl(url, "elsewhere");
  return [host, path, root];
};

Deno.test("bucket, folder and the beginning of keys are told apart, and encoded characters decoded", () => {
  assertEquals(parts("s3://bucket"), ["bucket", "", ""]);
  assertEquals(parts("s3://bucket/"), ["bucket", "", ""]);
  assertEquals(parts("s3://My_Bucket.2/a/b/"), ["My_Bucket.2", "a/b", "a/b/"]);
  assertEquals(parts("s3://bucket/a b/%C3%BC"), ["bucket", "a b/ü", "a b/ü/"]);
  assertEquals(parts("s3://bucket/100%"), ["bucket", "100%", "100%/"]);
});

Deno.test("the URL that is shown opens the same folder", () => {
  for (const url of ["s3://bucket/a b/ü", "gs://bucket/x+y/%25", "s3://bucket/q%3F/h%23/"]) {
    assertEquals(parts(parseObjectUrl(url, "elsewhere").shown), parts(url));
  }
});

for (
  const url of [
    "s3://",
    "s3:bucket",
    "s3://bucket//a",
    "s3://bucket/a%2F..%2Fb",
    "s3://bucket/a%00",
    "s3://bucket/a#b",
    "s3://-bucket/a",
    "s3://bucket:9000/a",
    "s3://buc%2Fket/a",
  ]
) {
  Deno.test(`${url} is refused`, () => {
    assertEquals(assertThrows(() => parseObjectUrl(url, "elsewhere"), ClearstackError).kind, "invalid-request");
  });
}

Deno.test("keys are encoded as signatures ask for, and spaces in queries as %20", () => {
  assertEquals(encodeKey("a/b c+(d)*'!~ü"), "a/b%20c%2B%28d%29%2A%27%21~%C3%BC");
  const base = new URL("https://host/bucket/");
  assertEquals(urlWithQuery("k", base, { prefix: "a b+c" }).href, "https://host/bucket/k?prefix=a%20b%2Bc");
  assertEquals(urlWithQuery("", base, { delete: "" }).href, "https://host/bucket/?delete=");
});
