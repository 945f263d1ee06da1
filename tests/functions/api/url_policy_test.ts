import { assertEquals } from "@std/assert";
import { checkAllowedUrls } from "functions/api/url_policy.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { isClearstackError } from "shared/errors.ts";

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
  ] as const
) {
  Deno.test(`where ${prefix} is allowed, ${url} is ${expected ? "allowed" : "refused"}`, () => {
    assertEquals(allows([prefix], url), expected);
  });
}

Deno.test("an empty list allows nothing", () => assertEquals(allows([], "/data/a.zarr"), false));
