/**
 * Schemas of Terraform providers, as the typings of cdktf's packages state them: one line for each type of resource that the
 * modules and examples use, in schemas/PROVIDER.ndjson, and one for the provider's own configuration.
 *
 *     deno run -A infra/terraform/provider_schema.ts
 *
 * writes them anew. It needs npm and tar. The packages are no dependencies, since one of them unpacks to 145 MB and more.
 */
import { type Members, readTypings } from "./provider_typings.ts";
import { configurationFolders, labeled, readModule } from "./read_module.ts";

/** The packages, by the prefix of their types. */
const PACKAGES: Readonly<Record<string, string>> = {
  aws: "@cdktf/provider-aws@21.22.1",
  google: "@cdktf/provider-google@16.12.1",
  helm: "@cdktf/provider-helm@12.1.2",
  kubernetes: "@cdktf/provider-kubernetes@12.1.1",
};

/** Names of the providers that there are schemas of. */
export const PROVIDERS: readonly string[] = Object.keys(PACKAGES);

const SCHEMAS = new URL("schemas/", import.meta.url);

/** Members of each type that was extracted; types of data sources begin with `data_`, providers with `provider_`. */
export async function readSchemas(): Promise<Map<string, Members>> {
  const schemas = new Map<string, Members>();
  for (const provider of PROVIDERS) {
    const lines = (await Deno.readTextFile(new URL(`${provider}.ndjson`, SCHEMAS))).trim().split("\n");
    for (const line of lines) {
      for (const [type, members] of Object.entries(JSON.parse(line))) schemas.set(type, members as Members);
    }
  }
  return schemas;
}

/** The types that modules and examples use. */
async function usedTypes(): Promise<string[]> {
  const files = (await Promise.all((await configurationFolders()).map(readModule))).flat();
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

/** Text of all files of that ending in a folder and those in it. */
async function textOf(folder: string, ending: string): Promise<string> {
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) texts.push(await textOf(`${folder}/${name}`, ending));
    else if (name.endsWith(ending)) texts.push(await Deno.readTextFile(`${folder}/${name}`));
  }
  return texts.join("\n");
}

/** Folder of a type in its package. */
function room(type: string, provider: string): string {
  return type.startsWith("provider_") ? "provider" : type.replace(new RegExp(`^${provider}_`), "").replaceAll("_", "-");
}

if (import.meta.main) {
  const used = await usedTypes();
  const folder = await Deno.makeTempDir();
  for (const [provider, name] of Object.entries(PACKAGES)) {
    const types = [
      ...used.filter((type) => type.replace(/^data_/, "").startsWith(`${provider}_`)),
      `provider_${provider}`,
    ];
    const archive = (await output("npm", ["pack", "--silent", name], folder)).trim();
    const rooms = types.map((type) => `package/lib/${room(type, provider)}`);
    await Deno.mkdir(`${folder}/${provider}`);
    await output("tar", ["xzf", `../${archive}`, ...rooms], `${folder}/${provider}`);
    const lines = await Promise.all(types.map(async (type, index) => {
      const [declarations, code] = await Promise.all(
        [".d.ts", ".js"].map((ending) => textOf(`${folder}/${provider}/${rooms[index]}`, ending)),
      );
      return JSON.stringify({ [type]: readTypings(declarations!, code!, type) });
    }));
    await Deno.writeTextFile(new URL(`${provider}.ndjson`, SCHEMAS), lines.join("\n") + "\n");
  }
  await Deno.remove(folder, { recursive: true });
}
