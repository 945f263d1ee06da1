/** A short burst of what `deno task fuzz` fires; the figures of a long one are in docs/security.md. */
import { assert, assertEquals } from "@std/assert";
import { fuzz } from "../../infra/fuzz/fuzz.ts";

Deno.test("500 random requests to every function are answered, none by a 500, and none takes long", async () => {
  const { statuses, faults } = await fuzz({ requests: 500, seed: 20260105 });
  assertEquals(faults, []);
  // A burst that never got past the door would show nothing.
  for (const status of [200, 202, 400, 401, 404, 405]) assert((statuses.get(status) ?? 0) > 0, `no ${status}`);
});
