import { assertEquals } from "@std/assert";
import type { AllowedUrls } from "functions/api/url_policy.ts";
import { checkAllowedUrls } from "functions/api/url_policy.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { isClearstackError } from "shared/errors.ts";
import { readAllowedPlaces } from "shared/storage/guard/allowed_places.ts";

/** Whether a job at `url` passes. */
function allows(allowed: readonly string[], url: string): boolean {
  const at = { url };
  try {
    checkAllowedUrls(JobRequestSchema.parse({ source: at, psf: at, output: at }), allowed);
    return true;
  } catch (error) {
    if (isClearstackError(error, "forbidden")) return false;
    throw error;
  }
}

for (
  const [prefix, url, expected] of [
    ["/data", "/data/a.zarr", true],
    ["/data/", "/data/a.zarr", true],
    ["/data", "file:///data/a.zarr", true],
    ["file:///data", "/data/a.zarr", true],
    ["/data", "/data", true],
    ["/", "/data/a.zarr", true],
    ["/data", "/database/a.zarr", false],
    ["/data", "/data/../etc/passwd", false],
    ["/data", "file:///data/%2e%2e/etc/passwd", false],
    ["/data", "/data#b/a.zarr", false],
    ["/data", "/data?b/a.zarr", false],
    ["/data", "file:///data%23b/a.zarr", false],
    ["/data", "file:///data%3Fb/a.zarr", false],
    ["/data#b", "/data#b/a.zarr", true],
    ["/data", "https://example.org/data/a.zarr", false],
    ["https://example.org/a", "https://example.org/a/b.zarr?signature=x", true],
    ["https://example.org/a", "https://EXAMPLE.org:443/a/b.zarr", true],
    ["https://example.org/a", "http://example.org/a/b.zarr", false],
    ["https://example.org/a", "https://example.org.evil.net/a/b.zarr", false],
    ["https://example.org/a", "https://example.org/a/../b.zarr", false],
    ["https://example.org/a", "https://example.org/a/%2e%2e%2fb.zarr", false],
    ["https://example.org/a", "https://user@example.org/a/b.zarr", false],
    ["https://example.org", "https://example.org/a/b.zarr", true],
    ["memory:a", "memory:a/b", true],
    ["memory:a", "memory:ab", false],
    ["memory:a", "memory:a?b/c", false],
    ["memory:a", "memory:a#b/c", false],
  ] as const
) {
  Deno.test(`where ${prefix} is allowed, ${url} is ${expected ? "allowed" : "refused"}`, () => {
    assertEquals(allows([prefix], url), expected);
  });
}

Deno.test("an empty list allows nothing", () => assertEquals(allows([], "/data/a.zarr"), false));

for (
  const [prefix, url, expected] of [
    ["https://", "https://example.org/a", true],
    ["HTTPS://", "https://example.org/a", true],
    ["https://", "http://example.org/a", false],
    ["https://", "https://10.0.0.1/a", false],
    ["https://", "https://0x7f.1/a", false],
    ["https://", "https://user@example.org/a", false],
    ["https://", "https://store.internal/a", false],
    ["s3://", "s3://any-bucket/a", true],
    ["s3://", "gs://any-bucket/a", false],
    ["http://10.0.0.1:9000/", "http://10.0.0.1:9000/a", true],
    ["http://10.0.0.1:9000/", "http://10.0.0.1:9001/a", false],
  ] as const
) {
  Deno.test(`where ${prefix} is allowed as a whole, ${url} is ${expected ? "allowed" : "refused"}`, () => {
    assertEquals(allows([prefix], url), expected);
  });
}

Deno.test("sources and outputs may have lists of their own, and PSFs and webhooks go by that of sources", () => {
  const variables: Record<string, string> = {
    CLEARSTACK_ALLOW: "/both",
    CLEARSTACK_ALLOW_SOURCES: "/in https://hooks.example/",
    CLEARSTACK_ALLOW_OUTPUTS: " /out\n",
  };
  const allowed: AllowedUrls = readAllowedPlaces((name) => variables[name]);
  const refused = (change: Record<string, unknown>) => {
    const places = { source: { url: "/in/a" }, psf: [{ url: "/in/p" }, { url: "/both/q" }], output: { url: "/out/a" } };
    try {
      checkAllowedUrls(JobRequestSchema.parse({ ...places, ...change }), allowed);
      return false;
    } catch (error) {
      return isClearstackError(error, "forbidden");
    }
  };
  assertEquals(refused({ webhook: { url: "https://hooks.example/a" } }), false);
  assertEquals(refused({ source: { url: "/out/a" } }), true);
  assertEquals(refused({ psf: [{ url: "/in/p" }, { url: "/out/q" }] }), true);
  assertEquals(refused({ output: { url: "/in/a" } }), true);
  assertEquals(refused({ webhook: { url: "https://evil.example/a" } }), true);
});
