/** Spans where nobody records them: everything goes on as it would without. */
import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { continueTrace, currentSpanIds, isTraced, traceParent, withSpan } from "shared/telemetry/span.ts";

Deno.test("without an exporter nothing is traced, and results and errors pass through", async () => {
  assertEquals(await withSpan("a", {}, () => Promise.resolve([isTraced(), currentSpanIds(), traceParent()])), [
    false,
    undefined,
    undefined,
  ]);
  const error = new ClearstackError("conflict", "as it was");
  assertEquals(await assertRejects(() => withSpan("a", {}, () => Promise.reject(error))), error);
});

for (const parent of [undefined, "", "nonsense", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]) {
  Deno.test(`work below the parent ${JSON.stringify(parent)} is done all the same`, () => {
    assertEquals(continueTrace(parent, () => 7), 7);
  });
}
