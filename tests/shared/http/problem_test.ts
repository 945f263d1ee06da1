import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { errorFromProblem, INTERNAL_DETAIL, problemResponse, toProblem } from "shared/http/problem.ts";

const location = { url: "memory:x" };

Deno.test("an error becomes a problem document of its status and back the same error", () => {
  const error = new ClearstackError("over-budget", "needs 3 GiB, more than 2 GiB");
  const problem = toProblem(error);
  assertEquals([problem.status, problem.detail], [422, "needs 3 GiB, more than 2 GiB"]);
  const back = errorFromProblem(JSON.parse(JSON.stringify(problem)), problem.status);
  assertEquals([back.kind, back.message], [error.kind, error.message]);
});

Deno.test("fields of an error are members of its problem document", () => {
  const { need, limit } = toProblem(new ClearstackError("over-budget", "too much", { need: 3, limit: 2 }));
  assertEquals([need, limit], [3, 2]);
});

Deno.test("a defect reveals nothing but that it is one", () => {
  const problem = toProblem(new TypeError("secret path /home/x"));
  assertEquals([problem.status, problem.detail], [500, INTERNAL_DETAIL]);
  assert(!JSON.stringify(problem).includes("secret"));
});

Deno.test("issues of a body carry path and message", () => {
  const { error } = JobRequestSchema.safeParse({
    source: location,
    psf: location,
    output: location,
    algorithm: { iterations: 0 },
  });
  const problem = toProblem(error);
  assertEquals(problem.status, 400);
  assertEquals(problem.issues, [{ path: "algorithm.iterations", message: "iterations must be at least 1" }]);
});

Deno.test("issues inside a union are those of the alternative that came closest", () => {
  const { error } = JobRequestSchema.safeParse({
    source: location,
    psf: location,
    output: location,
    tiling: { tile: [0, 8, 8] },
  });
  assertEquals(toProblem(error).issues?.map(({ path }) => path), ["tiling.tile.0"]);
});

Deno.test("a body of the wrong kind altogether is one issue without a path", () => {
  const { error } = z.strictObject({}).safeParse(3);
  assertEquals(toProblem(error).issues?.map(({ path }) => path), [""]);
});

Deno.test("an answer that is no problem document becomes an internal error", () => {
  assertEquals(errorFromProblem("<html>", 500).kind, "internal");
  assertEquals(errorFromProblem(undefined, 500).kind, "internal");
});

Deno.test("a balancer that finds no instance is worth another attempt", () => {
  for (const status of [429, 502, 503, 504]) assert(errorFromProblem("<html>", status).retryable, `${status}`);
});

Deno.test("a problem is sent as application/problem+json with its status", async () => {
  const response = problemResponse(toProblem(new ClearstackError("not-found", "no such job")), { allow: "GET" });
  assertEquals(response.status, 404);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("allow"), "GET");
  assertEquals((await response.json()).type, "urn:clearstack:problem:not-found");
});
