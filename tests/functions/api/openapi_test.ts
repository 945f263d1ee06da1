import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { ProblemSchema } from "shared/contract/problem.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";

const app = createApiApp({ jobs: {} as JobRunner, allowedUrls: "any" });

async function readDocument() {
  // deno-lint-ignore no-explicit-any -- the document is walked by names that only it knows
  return await (await app.request("/openapi.json")).json() as any;
}

Deno.test("the document describes every endpoint, each with an answer and with problem documents", async () => {
  const { openapi, paths } = await readDocument();
  assertEquals(openapi, "3.1.0");
  const operations = Object.entries<Record<string, unknown>>(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`)
  );
  assertEquals(operations.toSorted(), [
    "delete /v1/jobs/{id}",
    "get /healthz",
    "get /readyz",
    "get /v1/jobs",
    "get /v1/jobs/{id}",
    "get /v1/jobs/{id}/events",
    "get /v1/jobs/{id}/tiles",
    "post /v1/jobs",
    "post /v1/plans",
  ]);
  for (const status of [400, 404, 409, 413, 415, 422]) {
    const { content } = paths["/v1/jobs"].post.responses[status];
    assertEquals(content["application/problem+json"].schema, { $ref: "#/components/schemas/Problem" });
  }
});

Deno.test("operation ids are unique, path parameters are declared, and every reference resolves", async () => {
  const document = await readDocument();
  const ids: string[] = [];
  for (
    const [path, item] of Object.entries<Record<string, { operationId: string; parameters?: { name: string }[] }>>(
      document.paths,
    )
  ) {
    for (const { operationId, parameters = [] } of Object.values(item)) {
      ids.push(operationId);
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
        assert(parameters.some((parameter) => parameter.name === name));
      }
    }
  }
  assertEquals(new Set(ids).size, ids.length);
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    assert(name! in document.components.schemas, name);
  }
});

Deno.test("the examples are what the contract accepts", async () => {
  const { schemas } = (await readDocument()).components;
  for (const example of schemas.JobRequest.examples) JobRequestSchema.parse(example);
  JobStatusSchema.parse({
    ...schemas.JobStatus.examples[0],
    request: JobRequestSchema.parse(schemas.JobRequest.examples[0]),
  });
  ProblemSchema.parse(schemas.Problem.examples[0]);
});

Deno.test("the names of a job's fields are those of the contract, and no others are taken", async () => {
  const { JobRequest } = (await readDocument()).components.schemas;
  assertEquals(Object.keys(JobRequest.properties).toSorted(), Object.keys(JobRequestSchema.shape).toSorted());
  assertEquals(JobRequest.additionalProperties, false);
  assertEquals(JobRequest.required, ["source", "psf", "output"]);
});
