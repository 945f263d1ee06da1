/** Text that a terminal would obey. */
import { assertEquals } from "@std/assert";
import { jsonLog, plainLog } from "shared/telemetry/log.ts";
import { printable } from "shared/telemetry/printable.ts";

/** Sets the clipboard (OSC 52), in both spellings of the introducer; erases a line; turns the direction of writing. */
const HOSTILE = "a\x1b]52;c;ZXZpbA==\x07b\x9d52;c;ZXZpbA==\x9cc\r\x1b[2Kd\u202ee\x7f\u2028f";

// deno-lint-ignore no-control-regex -- what a terminal obeys
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

Deno.test("what a terminal would obey is spelled out, and nothing else is changed", () => {
  const said = printable(HOSTILE);
  assertEquals(OBEYED.test(said), false);
  assertEquals(JSON.parse(`"${said}"`), HOSTILE);
  const plain = "µm, 日本語, é, 🔬,\ta tab\nand a line";
  assertEquals(printable(plain), plain);
});

Deno.test("no log lets through what a terminal would obey", () => {
  const lines: string[] = [];
  jsonLog("test", { write: (line) => lines.push(line) })(HOSTILE, { job: HOSTILE });
  assertEquals([JSON.parse(lines[0]!).message, JSON.parse(lines[0]!).job], [HOSTILE, HOSTILE]);
  const real = console.error;
  console.error = (line) => lines.push(line);
  try {
    plainLog(`${HOSTILE} https://u:SECRET@host/`);
  } finally {
    console.error = real;
  }
  assertEquals(lines.map((line) => OBEYED.test(line) || line.includes("SECRET")), [false, false]);
});

/** Writes by themselves what holds nothing of anybody else's: a port, and to the terminal what has been made printable. */
const WRITERS = [
  "functions/cli/main.ts",
  "functions/deconvolve/startup/serve_parent.ts",
  "functions/orchestrate/main.ts",
  "shared/telemetry/log.ts",
];

Deno.test("nothing else writes to a terminal or a log", async () => {
  const root = new URL("../../../", import.meta.url);
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
      if (isDirectory) await visit(`${folder}${name}/`);
      else if (name.endsWith(".ts")) {
        const code = (await Deno.readTextFile(new URL(folder + name, root))).replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, "");
        if (/console\.(log|error|warn|info|debug)|Deno\.(stdout|stderr)/.test(code)) found.push(folder + name);
      }
    }
  };
  for (const folder of ["shared/", "kernels/", "functions/"]) await visit(folder);
  assertEquals(found.sort(), WRITERS);
});
