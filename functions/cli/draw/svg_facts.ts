/** Facts of an image as a table beside its drawing. */
import type { InfoFacts } from "../commands/info_facts.ts";
import type { Drawn } from "./svg_box.ts";
import { svgText, textWidth } from "./svg_drawing.ts";

const LINE_PIXELS = 21;
const COLUMN_GAP = 22;
/** Longer texts are broken. */
const MAX_CHARACTERS = 58;

/** Draws the table: the image and its pieces, then facts one by one. */
export function drawFacts({ columns, rows, facts }: InfoFacts): Drawn {
  const names = [...rows.map(([name]) => name), ...facts.map(([name]) => name)];
  const first = Math.max(...names.map(textWidth)) + COLUMN_GAP;
  const widths = columns.map((column, index) =>
    Math.max(...[column, ...rows.map((row) => row[index + 1] ?? "")].map(textWidth)) + COLUMN_GAP
  );
  const lefts = widths.map((_, index) => first + widths.slice(0, index).reduce((sum, width) => sum + width, 0));
  const texts: string[] = columns.map((column, index) => svgText(column, { x: lefts[index]!, y: 12, kind: "quiet" }));
  let line = 1;
  for (const [name, ...cells] of rows) {
    const y = 12 + line++ * LINE_PIXELS;
    texts.push(svgText(name, { x: 0, y, kind: "quiet" }));
    cells.forEach((cell, index) => texts.push(svgText(cell, { x: lefts[index]!, y })));
  }
  line += 0.4;
  let widest = lefts.at(-1)! + widths.at(-1)!;
  for (const [name, text] of facts) {
    texts.push(svgText(name, { x: 0, y: 12 + line * LINE_PIXELS, kind: "quiet" }));
    for (const part of text.split("\n").flatMap(broken)) {
      texts.push(svgText(part, { x: first, y: 12 + line++ * LINE_PIXELS }));
      widest = Math.max(widest, first + textWidth(part));
    }
  }
  return { svg: texts.join("\n"), width: widest, height: line * LINE_PIXELS };
}

/** Lines of a text, broken between words; a word longer than a line is cut. */
function broken(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (
    const word of text.split(" ").flatMap((word) => word.match(new RegExp(`.{1,${MAX_CHARACTERS}}`, "gsu")) ?? [""])
  ) {
    if (line !== "" && line.length + 1 + word.length > MAX_CHARACTERS) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
