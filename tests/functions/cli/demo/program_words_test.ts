import { assertEquals } from "@std/assert";
import { programWords } from "functions/cli/program_words.ts";

Deno.test("the program is called as what started it says, else by the task", () => {
  const words = (called?: string) =>
    programWords({ env: (name) => name === "CLEARSTACK_CALLED_AS" ? called : undefined });
  assertEquals(words("npx clearstack"), ["npx", "clearstack"]);
  assertEquals(words("clearstack"), ["clearstack"]);
  for (const other of [undefined, "", "rm -rf /; clearstack"]) {
    assertEquals(words(other), ["deno", "task", "clearstack"]);
  }
});
