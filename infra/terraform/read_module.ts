/** Terraform modules as data. */
import hcl from "hcl2-parser";

/** A body of HCL: arguments as values or `${expressions}`, blocks as lists of bodies. */
export type Body = Readonly<Record<string, unknown>>;

/** The repository's modules. */
export const MODULES = new URL("../../terraform/modules/", import.meta.url);

/** Configurations that use them. */
export const EXAMPLES = new URL("../../terraform/examples/", import.meta.url);

/** Names of the folders in a folder, in order. */
async function folderNames(folder: URL): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** Names of the modules, in order. */
export function moduleNames(): Promise<string[]> {
  return folderNames(MODULES);
}

/** Folders of all modules and examples. */
export async function configurationFolders(): Promise<URL[]> {
  const modules = (await moduleNames()).map((name) => new URL(`${name}/`, MODULES));
  return [...modules, ...(await exampleNames()).map((name) => new URL(`${name}/`, EXAMPLES))];
}

/** Name of a configuration's folder, such as `modules/kubernetes`. */
export function folderName(folder: URL): string {
  return folder.pathname.split("/").slice(-3, -1).join("/");
}

/** Names of the examples, in order. */
export function exampleNames(): Promise<string[]> {
  return folderNames(EXAMPLES);
}

/** The module in that folder: its files in order, each parsed. */
export async function readModule(folder: URL): Promise<Body[]> {
  const files = (await Array.fromAsync(Deno.readDir(folder))).filter((file) => file.name.endsWith(".tf"));
  const names = files.map((file) => file.name).sort();
  return await Promise.all(names.map(async (file) => parseHcl(await Deno.readTextFile(new URL(file, folder)), file)));
}

/**
 * Parses a file.
 *
 * @param name names the file in the error
 * @throws {Error} for text that is no HCL
 */
export function parseHcl(text: string, name: string): Body {
  const [body] = hcl.parseToObject(text) as [Body | null];
  if (body === null) throw new Error(`${name} is no HCL: terraform fmt says where`);
  return body;
}

/** Bodies below one or two labels, with the labels: of `variable` blocks `[name]`, of `resource` blocks `[type, name]`. */
export function labeled(files: readonly Body[], kind: string, labels: number): [labels: string[], body: Body][] {
  const below = (body: Body, left: number): [string[], Body][] =>
    Object.entries(body).flatMap(([label, inner]): [string[], Body][] =>
      left > 1
        ? below(inner as Body, left - 1).map(([names, found]) => [[label, ...names], found])
        : (inner as Body[]).map((found) => [[label], found])
    );
  return files.flatMap((file) => below((file[kind] ?? {}) as Body, labels));
}
