/**
 * Writes the README.md of each module and example: its inputs and outputs.
 *
 *     deno run -A infra/terraform/module_page.ts
 */
import { writePage } from "../write_page.ts";
import { configurationFolders, folderName, labeled, readModule } from "./read_module.ts";

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

/** The comment that a file begins with, as a paragraph. */
function leadOf(text: string): string {
  return /^(# .*\n)+/.exec(text)?.[0].replace(/^# /gm, "").trim() ?? "";
}

/** The page of a module or example, before it is formatted: what `main.tf` begins with, and its inputs and outputs. */
export async function modulePage(folder: URL): Promise<string> {
  const [kind, name] = folderName(folder).split("/");
  const files = await readModule(folder);
  const lead = leadOf(await Deno.readTextFile(new URL("main.tf", folder)));
  const inputs = labeled(files, "variable", 1).sort(([[a]], [[b]]) => a!.localeCompare(b!));
  const outputs = labeled(files, "output", 1);
  const rows = inputs.map(([[input], body]) =>
    `| \`${input}\` | ${body.description} | ${form(body.type)} | ${
      "default" in body ? code(body.default) : "required"
    } |\n`
  );
  return `# ${name}${kind === "examples" ? ", an example" : ""}

${lead} [How it is deployed](../../../docs/deploying.md).

This page is made from the files beside it by \`deno run -A infra/terraform/module_page.ts\`.

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
  for (const folder of await configurationFolders()) {
    await writePage(new URL("README.md", folder).pathname, await modulePage(folder));
  }
}
