import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { GENERATED } from "../../infra/deno_config.ts";

Deno.test("deno.json has the permission sets and tasks of infra/deno_config.ts, and no others with their lists", () => {
  assertEquals<unknown>(config.permissions, GENERATED.permissions);
  const tuned = Object.entries(config.tasks).filter(([, task]) => task.includes("GLIBC_TUNABLES"));
  assertEquals<unknown>(Object.fromEntries(tuned), GENERATED.tasks);
});

Deno.test("nothing changes the lock unless it is told to", () => {
  assertEquals(config.lock, { frozen: true });
});
