import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "functions/cli/flags/parse_arguments.ts";
import { ClearstackError } from "shared/errors.ts";

const form = {
  usage: "cut CLOTH [THREAD] --length N",
  positionals: ["CLOTH", "THREAD"],
  optional: 1,
  flags: { length: { form: "a number" }, quiet: {}, allow: { form: "a name", repeatable: true } },
};

Deno.test("flags and positional arguments may come in any order", () => {
  const parsed = parseArguments(["--length", "3", "linen", "--quiet", "silk"], form);
  assertEquals([parsed.positionals, parsed.value("length"), parsed.has("quiet")], [["linen", "silk"], "3", true]);
});

Deno.test("a value may be attached, be empty, contain an equals sign, or start with a dash", () => {
  assertEquals(parseArguments(["linen", "--length=3"], form).value("length"), "3");
  assertEquals(parseArguments(["linen", "--length="], form).value("length"), "");
  assertEquals(parseArguments(["linen", "--length=a=b"], form).value("length"), "a=b");
  assertEquals(parseArguments(["linen", "--length", "-3"], form).value("length"), "-3");
});

Deno.test("flags that were not given have no value", () => {
  const parsed = parseArguments(["linen"], form);
  assertEquals([parsed.value("length"), parsed.values("allow"), parsed.has("quiet")], [undefined, [], false]);
});

Deno.test("a repeatable flag keeps all its values in order", () => {
  assertEquals(parseArguments(["linen", "--allow", "a", "--allow=b"], form).values("allow"), ["a", "b"]);
});

for (
  const [args, message] of [
    [[], "CLOTH is missing: expected cut CLOTH [THREAD] --length N"],
    [["linen", "silk", "wool"], '"wool" is one argument too many'],
    [["linen", "--lenght", "3"], "--lenght is not known: did you mean --length? (help cut --all lists all flags)"],
    [["linen", "-l"], "-l is not known: help cut --all lists all flags"],
    [["linen", "--constructor"], "--constructor is not known"],
    [["linen", "--length"], "--length lacks its value: expected a number"],
    [["linen", "--length", "--quiet"], "--length lacks its value"],
    [["linen", "--length", "3", "--length", "4"], "--length is given twice"],
    [["linen", "--quiet", "--quiet"], "--quiet is given twice"],
    [["linen", "--quiet=yes"], '--quiet "yes": --quiet takes no value'],
  ] as const
) {
  Deno.test(`[${args.join(" ")}] is refused: ${message}`, () => {
    const error = assertThrows(() => parseArguments(args, form), ClearstackError, message);
    assertEquals([error.kind, error.message.includes("\n")], ["invalid-request", false]);
  });
}
