import { assertEquals } from "@std/assert";
import { onAbort } from "shared/process/on_abort.ts";

Deno.test("an abort is heard once: when it comes, at once if it has come, and not after one stopped to listen", () => {
  const heard: string[] = [];
  const stop = new AbortController();
  {
    using _left = onAbort(stop.signal, () => heard.push("left"));
  }
  using _listening = onAbort(stop.signal, () => heard.push("listening"));
  assertEquals(heard, []);
  stop.abort();
  assertEquals(heard, ["listening"]);
  using _late = onAbort(stop.signal, () => heard.push("late"));
  using _never = onAbort(undefined, () => heard.push("never"));
  assertEquals(heard, ["listening", "late"]);
});
