import { assert, assertEquals } from "@std/assert";
import { choiceExplanation, choiceLabel } from "functions/view/page/start/form/choice_words.ts";
import { FIELDS } from "functions/view/page/start/form/fields.ts";

Deno.test("every choice of the form has a label, its name behind it, and an explanation of its own", () => {
  const fields = [...FIELDS.values()].filter(({ form }) => form.input === "choice");
  assert(fields.length >= 15, `${fields.length}`);
  for (const { path, choices } of fields) {
    const labels = choices.map((choice) => choiceLabel(path, choice));
    assertEquals(choices.filter((choice, index) => !labels[index]!.endsWith(` (${choice})`)), [], path);
    const explanations = choices.map((choice) => choiceExplanation(path, choice));
    assertEquals([new Set(explanations).size, explanations.includes(undefined)], [choices.length, false], path);
  }
});

Deno.test("the heavy ball is called so", () => {
  assertEquals(choiceLabel("algorithm.acceleration", "shb"), "Heavy ball (shb)");
});
