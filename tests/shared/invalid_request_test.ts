import { assertEquals } from "@std/assert";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { invalidRequest } from "shared/invalid_request.ts";

const VALID = { source: { url: "memory:a" }, psf: { url: "memory:b" }, output: { url: "memory:c" } };

/** The error for a request with these changes. */
function errorFor(changes: Record<string, unknown>) {
  const input = { ...VALID, ...changes };
  return invalidRequest(JobRequestSchema.safeParse(input).error!.issues, input);
}

Deno.test("a request that breaks the schema is refused with path and value of the first setting that is wrong", () => {
  const { kind, message, path, value } = errorFor({ algorithm: { iterations: 0, totalVariation: 7 } });
  assertEquals([kind, path, value], ["invalid-request", "algorithm.iterations", 0]);
  assertEquals(
    message,
    "algorithm.iterations: iterations must be at least 1; algorithm.totalVariation: totalVariation must be at most 0.1",
  );
});

Deno.test("numbers, words and short lists are told, and null", () => {
  for (
    const [changes, path, value] of [
      [{ backend: "cuda" }, "backend", "cuda"],
      [{ backend: null }, "backend", null],
      [{ tiling: { tile: [0, 8, 8] } }, "tiling.tile.0", 0],
      [{ memoryBytes: 0.5 }, "memoryBytes", 0.5],
    ] as const
  ) {
    const error = errorFor(changes);
    assertEquals([error.path, error.value], [path, value]);
  }
});

Deno.test("what may hold a secret is not repeated", () => {
  for (const url of ["ftp://user:secret@host/", "x".repeat(500), { token: "secret" }]) {
    const error = errorFor({ webhook: { url } });
    assertEquals([error.path, error.value], ["webhook.url", undefined]);
  }
});

Deno.test("a pair where three numbers are meant is told of z, y and x", () => {
  const output = { url: "memory:c", shards: [64, 64] };
  const { message, path, value } = errorFor({ tiling: { tile: [64, 64], halo: [1] }, output });
  const rest = "also for an image without z";
  assertEquals(message.split("; "), [
    `output.shards: write auto, none, or [z, y, x], three whole numbers of at least 1, ${rest}`,
    `tiling.tile: write auto, or [z, y, x], three whole numbers of at least 1, ${rest}`,
    `tiling.halo: write auto, or [z, y, x], three whole numbers from 0 to 2048, ${rest}`,
  ]);
  assertEquals([path, value], ["output.shards", [64, 64]]);
});
