import { assertEquals } from "@std/assert";
import { dirname, join, normalize } from "node:path/posix";

const ROOT = new URL("../../", import.meta.url);
const TOPS = ["shared", "kernels", "functions", "infra"];
/** Files of source that one folder may hold side by side. */
const MAX_FILES = 20;

/** Project paths of the source files below a folder. */
async function sourceFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await sourceFiles(path));
    else if (/\.(tsx?|wgsl)$/.test(name)) found.push(path);
  }
  return found;
}

/** Project paths that a module names, imports of types and of Workers included. */
function importsOf(path: string, text: string): string[] {
  const named = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)"([^"\n]+\.tsx?)"/g);
  return [...named].map(([, name]) => name!.startsWith(".") ? normalize(join(dirname(path), name!)) : name!);
}

/** The first circle of imports as the paths along it, or nothing. */
function circle(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  function visit(path: string): string[] {
    if (way.includes(path)) return way.slice(way.indexOf(path));
    if (done.has(path)) return [];
    way.push(path);
    for (const next of imports.get(path) ?? []) {
      const found = visit(next);
      if (found.length > 0) return found;
    }
    way.pop();
    done.add(path);
    return [];
  }
  return [...imports.keys()].map(visit).find((found) => found.length > 0) ?? [];
}

Deno.test("no module imports itself by way of others, types included", async () => {
  const imports = new Map<string, string[]>();
  for (const path of (await Promise.all(TOPS.map(sourceFiles))).flat()) {
    // The launcher of a child process names the module that hosts it, which is no import.
    imports.set(path, importsOf(path, await Deno.readTextFile(new URL(path, ROOT))).filter((name) => name !== path));
  }
  assertEquals(circle(imports), []);
});

Deno.test("a circle is found, also over types and several files", () => {
  const texts: Record<string, string> = {
    "shared/a.ts": 'import { b } from "./b/b.ts";',
    "shared/b/b.ts": 'import type { C } from "kernels/c.ts";',
    "kernels/c.ts": 'export { a } from "shared/a.ts";',
    "kernels/d.ts": 'import "./c.ts";',
  };
  const imports = new Map(Object.entries(texts).map(([path, text]) => [path, importsOf(path, text)]));
  assertEquals(circle(imports), ["shared/a.ts", "shared/b/b.ts", "kernels/c.ts"]);
  imports.set("kernels/c.ts", []);
  assertEquals(circle(imports), []);
});

Deno.test(`no folder holds more than ${MAX_FILES} source files side by side`, async () => {
  const counts = new Map<string, number>();
  for (const path of (await Promise.all([...TOPS, "tests"].map(sourceFiles))).flat()) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  assertEquals([...counts].filter(([, count]) => count > MAX_FILES), []);
});

/** Names that a module takes from each of others; "*" where it takes them all. */
function namesTaken(path: string, text: string): [from: string, name: string][] {
  const resolved = (name: string) => name.startsWith(".") ? normalize(join(dirname(path), name)) : name;
  const single = text.matchAll(/(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"([^"\n]+)"/g);
  const whole = text.matchAll(/(?:\*\s*(?:as\s+\w+\s+)?from\s*|\bimport\s*\(\s*|new URL\(\s*)"([^"\n]+\.ts)"/g);
  return [
    ...[...single].flatMap(([, names, from]) =>
      names!.matchAll(/(?:^|,)\s*(?:type\s+)?(\w+)/g).map(([, name]): [string, string] => [resolved(from!), name!])
        .toArray()
    ),
    ...[...whole].map(([, from]): [string, string] => [resolved(from!), "*"]),
  ];
}

Deno.test("what a module exports is imported somewhere", async () => {
  const sources = (await Promise.all(TOPS.map(sourceFiles))).flat();
  const examples = await sourceFiles("docs/examples");
  const taken = new Set<string>();
  const exported: string[] = [];
  for (const path of [...sources, ...await sourceFiles("tests"), ...examples]) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    for (const [from, name] of namesTaken(path, text)) taken.add(`${from} ${name}`);
    if (!sources.includes(path)) continue;
    const names = text.matchAll(
      /^export (?:abstract |async |declare )*(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm,
    );
    exported.push(...names.map(([, name]) => `${path} ${name}`));
  }
  const isTaken = (name: string) => taken.has(name) || taken.has(`${name.split(" ")[0]} *`);
  assertEquals(exported.filter((name) => !isTaken(name)), []);
});
