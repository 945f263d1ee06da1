/** Table of the facts that `info` shows. */
import type { ImageDescription } from "shared/image/describe_image.ts";
import { infoFacts } from "./info_facts.ts";

/** The description in lines, the first one naming the image. */
export function infoTable(description: ImageDescription): string {
  const { info } = description;
  const { columns, rows, facts } = infoFacts(description);
  const nameWidth = Math.max(...[...rows, ...facts].map(([name]) => name.length));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index + 1]?.length ?? 0))
  );
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(nameWidth)}  ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join("  ")}`.trimEnd();
  return [
    info.path === "" ? info.url : `${info.url}, array ${info.path}`,
    line("", columns),
    ...rows.map(([name, ...cells]) => line(name, cells)),
    ...facts.flatMap(([name, text]) =>
      text.split("\n").map((part, index) => `  ${(index === 0 ? name : "").padEnd(nameWidth)}  ${part}`)
    ),
  ].map((text) => `${printable(text)}\n`).join("");
}

/** Names in files may hold what moves a terminal's cursor. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}
