import { assertEquals } from "@std/assert";
import { readmeCommands } from "../../infra/readme_commands.ts";

Deno.test("only blocks that are marked are run, in their order", () => {
  const markdown = [
    "```sh run",
    "first one",
    "first two",
    "```",
    "```sh",
    "not this",
    "```",
    "```ts run",
    "nor this",
    "```",
    "```sh run",
    "second",
    "```",
  ].join("\n");
  assertEquals(readmeCommands(markdown), ["first one\nfirst two\n", "second\n"]);
});
