/**
 * Schemas of Terraform providers, as the typings of cdktf's packages state them: one line for each type of resource that the
 * modules use, in schemas/PROVIDER.ndjson.
 *
 *     deno run -A infra/terraform/provider_schema.ts
 *
 * writes them anew. It needs npm and tar. The packages are no dependencies, since one of them unpacks to 145 MB and more.
 */
import { labeled, moduleNames, readModule } from "./read_module.ts";

/** The packages, by the prefix of their types. */
const PACKAGES: Readonly<Record<string, string>> = { kubernetes: "@cdktf/provider-kubernetes@12.1.1" };

/** Arguments of a block by name: 1 for a value, its own arguments for a block. Marks: `!` is required, `*` may be repeated. */
export interface Arguments {
  readonly [name: string]: 1 | Arguments;
}

const SCHEMAS = new URL("schemas/", import.meta.url);

/** Arguments of each type of resource that was extracted; types of data sources begin with `data_`. */
export async function readSchemas(): Promise<Map<string, Arguments>> {
  const schemas = new Map<string, Arguments>();
  for (const provider of Object.keys(PACKAGES)) {
    const lines = (await Deno.readTextFile(new URL(`${provider}.ndjson`, SCHEMAS))).trim().split("\n");
    for (const line of lines) {
      for (const [type, args] of Object.entries(JSON.parse(line))) schemas.set(type, args as Arguments);
    }
  }
  return schemas;
}

/**
 * Arguments of the resource whose typings these are.
 *
 * @param root name of the interface of its arguments
 */
export function readTypings(text: string, root: string): Arguments {
  const interfaces = new Map(
    text.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}/gms).map(([, name, body]) => [name!, body!]),
  );
  const argumentsOf = (name: string): Arguments => {
    const found = interfaces.get(name);
    if (found === undefined) throw new Error(`the typings have no interface ${name}`);
    const members = found.matchAll(/\/\*\*(.*?)\*\/\s*readonly \w+(\??): ([^;]+);/gs);
    return Object.fromEntries(members.map(([, comment, optional, type]) => {
      const argument = /#(\w+) /.exec(comment!)?.[1];
      if (argument === undefined) throw new Error(`the typings do not name an argument of ${name}`);
      const [, block, many] = /^(\w*)(\[\])?/.exec(type!)!;
      const isBlock = /\* \w+ block$/m.test(comment!) && interfaces.has(block!);
      const key = argument + (optional ? "" : "!") + (isBlock && many ? "*" : "");
      return [key, isBlock ? argumentsOf(block!) : 1];
    }));
  };
  return argumentsOf(root);
}

/** The types that the modules use. */
async function usedTypes(): Promise<string[]> {
  const files = (await Promise.all((await moduleNames()).map(readModule))).flat();
  const resources = labeled(files, "resource", 2).map(([[type]]) => type!);
  const sources = labeled(files, "data", 2).map(([[type]]) => `data_${type}`);
  return [...new Set([...resources, ...sources])].sort();
}

/** Standard output of a program. */
async function output(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  const types = await usedTypes();
  const folder = await Deno.makeTempDir();
  for (const [provider, name] of Object.entries(PACKAGES)) {
    const archive = (await output("npm", ["pack", "--silent", name], folder)).trim();
    const lines: string[] = [];
    for (const type of types.filter((type) => type.replace(/^data_/, "").startsWith(`${provider}_`))) {
      const room = type.replace(new RegExp(`^${provider}_`), "").replaceAll("_", "-");
      const text = await output("tar", ["xzOf", archive, "--wildcards", `package/lib/${room}/*.d.ts`], folder);
      const root = room.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()) + "Config";
      lines.push(JSON.stringify({ [type]: readTypings(text, root) }));
    }
    await Deno.writeTextFile(new URL(`${provider}.ndjson`, SCHEMAS), lines.join("\n") + "\n");
  }
  await Deno.remove(folder, { recursive: true });
}
