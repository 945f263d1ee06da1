/** The verdicts of the suite as a plain table, as Markdown and as JSON. */
import type { Verdict } from "./examine.ts";
import type { Property } from "./property.ts";
import type { Subject } from "./subject.ts";

/** One line of the table: a property and what every implementation made of it. */
export interface Row {
  readonly property: Property;
  readonly verdicts: readonly Verdict[];
}

/** Implementations, in the order of the columns. */
type Column = Pick<Subject, "name" | "description" | "own">;

/** `pass 4.6e-7`, `FAIL 1 voxels`, or `n.a.`. */
export function cell(verdict: Verdict, { unit }: Property): string {
  if (verdict.verdict === "not applicable") return "n.a.";
  if ("error" in verdict) return `FAIL (${firstWords(verdict.error)})`;
  const figure = short(verdict.figure);
  return verdict.verdict === "pass" ? `pass ${figure}` : `FAIL ${figure} ${unit}`;
}

/** Two digits, tiny numbers as powers of ten. */
function short(figure: number): string {
  const digits = Number(figure.toPrecision(2));
  return digits !== 0 && Math.abs(digits) < 0.001 ? digits.toExponential() : String(digits);
}

function firstWords(message: string): string {
  const line = message.split("\n")[0]!.trim();
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

export function plainTable(columns: readonly Column[], rows: readonly Row[]): string {
  const lines = [
    ["", "limit", ...columns.map(({ name }) => name)],
    ...rows.map(({ property, verdicts }) => [
      property.name,
      short(property.limit),
      ...verdicts.map((verdict) => cell(verdict, property)),
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((text, column) => text.padEnd(widths[column]!)).join("  ").trimEnd()).join("\n");
}

/** A page for docs/: the table, then how each figure is measured. */
export function markdownPage(columns: readonly Column[], rows: readonly Row[]): string {
  return [
    "# Conformance",
    "",
    "Properties that a right Richardson-Lucy deconvolution has, measured on our two backends and on other implementations.",
    "Made by `deno task conformance --markdown docs/conformance.md`. A figure above its limit fails. The others are examined",
    "on boxes and PSFs of the parity that they need wherever a property is not about parity.",
    "",
    ...columns.map(({ name, description }) => `- **${name}**: ${description}`),
    "",
    `| property | limit | ${columns.map(({ name }) => name).join(" | ")} |`,
    `|---|---|${columns.map(() => "---|").join("")}`,
    ...rows.map(({ property, verdicts }) =>
      `| ${property.name} | ${short(property.limit)} ${property.unit} | ` +
      `${verdicts.map((verdict) => emphasised(cell(verdict, property))).join(" | ")} |`
    ),
    "",
    "## How each figure is measured",
    "",
    ...rows.map(({ property }) => `- **${property.name}**: ${property.how}.`),
    "",
  ].join("\n");
}

function emphasised(text: string): string {
  return text.startsWith("FAIL") ? `**FAIL**${text.slice(4).replaceAll("|", "/")}` : text;
}

/** One object for programs. */
export function jsonReport(columns: readonly Column[], rows: readonly Row[]): string {
  const report = {
    implementations: columns.map(({ name, description, own }) => ({ name, description, own })),
    properties: rows.map(({ property: { name, unit, limit }, verdicts }) => ({
      name,
      unit,
      limit,
      verdicts: Object.fromEntries(verdicts.map((verdict, i) => [columns[i]!.name, verdict])),
    })),
  };
  return JSON.stringify(report, null, 2);
}

/** Names of our own implementations that fail a property. */
export function ownFailures(columns: readonly Column[], rows: readonly Row[]): string[] {
  return rows.flatMap(({ property, verdicts }) =>
    verdicts.flatMap((verdict, i) =>
      columns[i]!.own && verdict.verdict === "fail" ? [`${columns[i]!.name}: ${property.name}`] : []
    )
  );
}
