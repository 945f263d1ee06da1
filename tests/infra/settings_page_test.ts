import { assert, assertEquals } from "@std/assert";
import { JOB_FLAGS } from "functions/cli/flags/job_flags.ts";
import { settingsPage } from "../../infra/settings_page.ts";

/** Cells of the table, without the blanks that the formatter aligns them with. */
function cells(page: string): string[][] {
  const rows = page.split("\n").filter((line) => line.startsWith("|") && !/^\| *-/.test(line));
  return rows.map((row) => row.split("|").map((cell) => cell.trim()));
}

Deno.test("docs/settings.md says what the schemas say", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/settings.md", import.meta.url));
  assertEquals(cells(page), cells(settingsPage()));
});

Deno.test("every setting of the algorithm is on the page under its flag", () => {
  const page = settingsPage();
  for (const [flag, { at }] of Object.entries(JOB_FLAGS)) {
    if (at.startsWith("algorithm.")) assert(page.includes(`| \`${at}\` | \`--${flag}\` |`), flag);
  }
});
