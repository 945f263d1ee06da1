import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { ClearstackError } from "shared/errors.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { assertShallow } from "shared/json_depth.ts";
import { memoryUrl } from "../fixtures/memory_url.ts";
import { openImage, openStore } from "../stores.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number, [open, close] = ["[", "]"]) => open!.repeat(depth) + close!.repeat(depth);

Deno.test("nesting is counted in arrays and objects, and not in strings", () => {
  for (const deep of [nested(257), nested(257, ['{"a":', "}"]), `[{"a":${nested(255)}}]`, `["\\"]",${nested(256)}]`]) {
    assertThrows(() => assertShallow(bytes(deep)), Error, "256");
  }
  for (const fine of [nested(256), `"${"[".repeat(1000)}"`, `["\\"${"{".repeat(1000)}"]`, "[1],".repeat(1000)]) {
    assertShallow(bytes(fine));
  }
});

Deno.test("metadata and requests that are nested without end are refused before they are parsed", async () => {
  const deep = nested(500_000);
  for (const key of ["zarr.json", ".zattrs"]) {
    const url = memoryUrl();
    await openStore(url).put(".zgroup", bytes('{"zarr_format":2}'));
    await openStore(url).put(key, bytes(`{"zarr_format":3,"node_type":"group","attributes":${deep}}`));
    const error = await assertRejects(() => openImage({ url }), ClearstackError, "not valid JSON");
    assertEquals(error.kind, "corrupt-data");
  }
  const app = createApiApp({ jobs: {} as JobRunner, allowedUrls: "any" });
  const headers = { "content-type": "application/json" };
  const answer = await app.request("/v1/plans", { method: "POST", body: `{"source":${deep}}`, headers });
  assertEquals([answer.status, (await answer.json()).detail], [400, "the body: it is nested more than 256 deep"]);
});
