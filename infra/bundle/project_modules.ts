/** How modules of this project are named and changed on their way into a bundle. */
import { dirname, fromFileUrl, join } from "@std/path";
import type { Plugin } from "esbuild";
import config from "../../deno.json" with { type: "json" };

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** How a thread or process names the module that it starts with. */
const STARTED = /new URL\(\s*"(\.{1,2}\/[^"\n]+\.ts)",\s*import\.meta\.url,?\s*\)/g;

/** A package with its version as deno.json writes it, and the module inside. */
const PACKAGE = /^npm:\/?((?:@[^/]+\/)?[^@/]+)@[^/]+(\/.*)?$/;

/** What deno.json calls modules of packages, where it is not what packages call them: `@std/path` is deno-std/path/mod.js. */
export function packageAliases(): Record<string, string> {
  const aliases = Object.entries(config.imports).flatMap(([name, target]) => {
    const [, found, inside = ""] = PACKAGE.exec(target) ?? [];
    return found === undefined || `${found}${inside}` === name ? [] : [[name, `${found}${inside}`]];
  });
  return Object.fromEntries(aliases);
}

/** Leaves out zod's messages in fifty languages, a third of what a function loads at its start; this program speaks English. */
export const ENGLISH_ALONE: Plugin = {
  name: "english-alone",
  setup({ onLoad }) {
    onLoad(
      { filter: /\/zod\/v4\/locales\/index\.js$/ },
      () => ({ contents: 'export { default as en } from "./en.js";' }),
    );
  },
};

/**
 * Has zod compile no schemas, nor try whether it may, since pages allow no programs of text. Said in zod itself: who shares files with
 * others cannot say which module runs before another's.
 */
export const NO_PROGRAMS_OF_TEXT: Plugin = {
  name: "no-programs-of-text",
  setup({ onLoad }) {
    onLoad({ filter: /\/zod\/v4\/core\/core\.js$/ }, async ({ path }) => ({
      contents: `${await Deno.readTextFile(path)}\nglobalConfig.jitless = true;\n`,
    }));
  },
};

interface ProjectModulesOptions {
  /** Paths of the modules that are bundled. */
  readonly entries: readonly string[];
  /** Told of each module that is started as a thread or process; gives the name of its file, without its extension. */
  readonly nameOf: (module: string) => string;
  /** Modules that others take the place of, by their names in deno.json. */
  readonly replaced: Readonly<Record<string, string>>;
}

/**
 * Finds modules by their names in deno.json, lets threads and processes start from their files in the bundle, and tells modules
 * other than the entry that they are not the main one: in the bundle, all of them are the same module.
 */
export function projectModules({ entries, nameOf, replaced }: ProjectModulesOptions): Plugin {
  return {
    name: "project-modules",
    setup({ onResolve, onLoad }) {
      onResolve(
        { filter: /^(shared|kernels|functions)\// },
        ({ path }) => ({ path: join(ROOT, replaced[path] ?? path) }),
      );
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes("/node_modules/")) return undefined;
        const text = (await Deno.readTextFile(path)).replaceAll(
          STARTED,
          (_, module) => `new URL("./${nameOf(join(dirname(path), module))}.js", import.meta.url)`,
        );
        const contents = entries.includes(path) ? text : text.replaceAll("import.meta.main", "false");
        return { contents, loader: "ts" };
      });
    },
  };
}
