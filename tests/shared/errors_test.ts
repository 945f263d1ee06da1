import { assertEquals } from "@std/assert";
import { ClearstackError, errorFromRecord, errorToRecord, withPath } from "shared/errors.ts";
import { errorFromProblem, INTERNAL_DETAIL, toProblem } from "shared/http/problem.ts";

const FIELDS = { need: 3, limit: 2, path: "tiling.tile", value: [1, 2, 3] };

Deno.test("an error keeps its fields as a record, as a problem document, and back", () => {
  const error = new ClearstackError("over-budget", "too much", { ...FIELDS, cause: new Error("why") });
  const { kind, message } = error;
  const record = errorToRecord(error);
  assertEquals(record, { kind, message, ...FIELDS });
  const again = [
    errorFromRecord(JSON.parse(JSON.stringify(record))),
    errorFromProblem(JSON.parse(JSON.stringify(toProblem(error))), 422),
  ];
  for (const { need, limit, path, value } of again) assertEquals({ need, limit, path, value }, FIELDS);
  assertEquals((error.cause as Error).message, "why");
});

Deno.test("an error without fields has none, not empty ones", () => {
  const error = new ClearstackError("not-found", "nothing there");
  assertEquals(errorToRecord(error), { kind: "not-found", message: "nothing there" });
  assertEquals(Object.keys(toProblem(error)).sort(), ["detail", "status", "title", "type"]);
  assertEquals("path" in error, false);
});

Deno.test("a defect tells no fields over HTTP", () => {
  const { detail, path } = toProblem(new ClearstackError("internal", "broken", { path: "/home/somebody" }));
  assertEquals([detail, path], [INTERNAL_DETAIL, undefined]);
});

Deno.test("a path is added where none is known, and to no cancellation", () => {
  const added = withPath(new ClearstackError("corrupt-data", "damaged"), "s3://bucket/a");
  assertEquals((added as ClearstackError).path, "s3://bucket/a");
  assertEquals((withPath(added, "other") as ClearstackError).path, "s3://bucket/a");
  assertEquals((withPath(new ClearstackError("cancelled", "stopped"), "a") as ClearstackError).path, undefined);
});
