/**
 * Writes the README.md of each module: its inputs and outputs.
 *
 *     deno run -A infra/terraform/module_page.ts
 */
import { writePage } from "../write_page.ts";
import { type Body, labeled, moduleNames, MODULES, readModule } from "./read_module.ts";

/** A value as code, without the padding that would make the table wider than it is read. */
function code(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? "see `variables.tf`" : `\`${text}\``;
}

/** A type as code, of objects the names of their members. */
function form(type: unknown): string {
  const text = String(type).slice(2, -1);
  const members = text.includes("object({") ? text.matchAll(/^ +(\w+) *= /gm).map(([, name]) => name).toArray() : [];
  return members.length === 0
    ? `\`${text}\``
    : `${text.startsWith("list") ? "list of objects" : "object"}: ${members.join(", ")}`;
}

/** The page of a module, before it is formatted. */
export function modulePage(name: string, files: readonly Body[]): string {
  const inputs = labeled(files, "variable", 1).sort(([[a]], [[b]]) => a!.localeCompare(b!));
  const outputs = labeled(files, "output", 1);
  const rows = inputs.map(([[input], body]) =>
    `| \`${input}\` | ${body.description} | ${form(body.type)} | ${
      "default" in body ? code(body.default) : "required"
    } |\n`
  );
  return `# ${name}

[What it is for](../../README.md). This page is made from the module by \`deno run -A infra/terraform/module_page.ts\`.

## Inputs

| name | meaning | type | default |
| --- | --- | --- | --- |
${rows.join("")}
## Outputs

| name | meaning |
| --- | --- |
${outputs.map(([[output], body]) => `| \`${output}\` | ${body.description} |\n`).join("")}`;
}

if (import.meta.main) {
  for (const name of await moduleNames()) {
    await writePage(new URL(`${name}/README.md`, MODULES).pathname, modulePage(name, await readModule(name)));
  }
}
