/**
 * Modules as plain JavaScript: each with everything it imports, packages and shaders included, so that neither this checkout nor a
 * package registry is needed where it runs. What a module imports when it needs it goes into files of its own beside it.
 */
import { fromFileUrl, join, relative, resolve } from "@std/path";
import { build, type BuildOptions, type Metafile, stop } from "esbuild";
import { installPackages } from "./install_packages.ts";
import { ENGLISH_ALONE, NO_PROGRAMS_OF_TEXT, packageAliases, projectModules } from "./project_modules.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What to bundle, and where to. */
interface BundleOptions {
  /** Modules by the name of their file, without its extension; a path is absolute or below the root of the project. */
  readonly entryPoints: Readonly<Record<string, string>>;
  /** Folder of the files, which is made if need be. */
  readonly outDir: string;
  /** Where the files run: `browser` refuses what only Deno and Node have. */
  readonly platform: "deno" | "browser";
  /** Modules of the project that are taken in place of others, by what those are called. @default {none} */
  readonly replaced?: Readonly<Record<string, string>>;
  /** Modules that packages import on demand, and that are never asked for where the files run. @default {none} */
  readonly leftOut?: readonly string[];
  /** True has the entry points share files with what several of them import. @default {false} */
  readonly together?: boolean;
  /** Modules of the project that run before anything else, in every module that is bundled. @default {none} */
  readonly first?: readonly string[];
}

/** A module that was bundled. */
export interface BundledModule {
  /** Name of its file without the extension. */
  readonly name: string;
  /** Paths of the files that it loads when it starts, its own first. */
  readonly startFiles: readonly string[];
  /** Paths of those that it loads when it needs them; their names have a hash of their content. */
  readonly laterFiles: readonly string[];
  /** Modules that this one starts as threads or processes, by the names of their files. */
  readonly starts: readonly string[];
  /** Packages in its files, each as `name@version`, sorted. */
  readonly packages: readonly string[];
}

const PLATFORMS: Readonly<Record<BundleOptions["platform"], BuildOptions>> = {
  // What Deno itself looks for in a package.
  deno: {
    platform: "node",
    conditions: ["deno"],
    mainFields: ["module", "main"],
    target: "esnext",
    // A comment that names the map has Deno read it at every start, which takes a fifth of the time until a function answers.
    sourcemap: "external",
  },
  browser: { platform: "browser", target: "es2022", sourcemap: true },
};

/** Bundles under way in this process: esbuild's own process is ended with the last. */
let underWay = 0;

/**
 * Writes one minified module `NAME.js` with its source map for each entry point, and for each module that one of them starts by
 * `new URL("./module.ts", import.meta.url)`: those are named after their path, and found beside the file that starts them.
 *
 * @returns what was written, entry points first
 * @throws {Error} with what esbuild says, such as a module that is not found
 */
export async function bundle(
  { entryPoints, outDir, platform, replaced = {}, leftOut = [], together = false, first = [] }: BundleOptions,
): Promise<BundledModule[]> {
  const packages = await installPackages();
  const names = new Map(Object.entries(entryPoints).map(([name, path]) => [resolve(ROOT, path), name]));
  const options: BuildOptions = {
    ...PLATFORMS[platform],
    absWorkingDir: packages,
    nodePaths: [join(packages, "node_modules")],
    alias: {
      ...packageAliases(),
      ...Object.fromEntries(Object.entries(replaced).map(([name, path]) => [name, join(ROOT, path)])),
    },
    external: [...leftOut],
    inject: first.map((path) => join(ROOT, path)),
    loader: { ".wgsl": "text" },
    jsx: "automatic",
    jsxImportSource: "preact",
    format: "esm",
    bundle: true,
    minify: true,
    splitting: true,
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  };
  underWay++;
  try {
    const modules: BundledModule[] = [];
    const bundled = new Set<string>();
    // Modules that are found to be started join the names meanwhile.
    for (const [entry, name] of names) {
      if (bundled.has(entry)) continue;
      const entries = together && bundled.size === 0 ? new Map(names) : new Map([[entry, name]]);
      for (const one of entries.keys()) bundled.add(one);
      modules.push(...await bundleModules({ entries, outDir, names, replaced, options }));
    }
    return modules;
  } finally {
    if (--underWay === 0) await stop();
  }
}

interface Modules {
  /** Names by path. */
  readonly entries: ReadonlyMap<string, string>;
  readonly outDir: string;
  readonly names: Map<string, string>;
  readonly replaced: NonNullable<BundleOptions["replaced"]>;
  readonly options: BuildOptions;
}

async function bundleModules({ entries, outDir, names, replaced, options }: Modules): Promise<BundledModule[]> {
  const starts = new Set<string>();
  const nameOf = (module: string) => {
    if (!names.has(module)) names.set(module, freeName(module, names));
    starts.add(names.get(module)!);
    return names.get(module)!;
  };
  const { metafile } = await build({
    ...options,
    metafile: true,
    entryPoints: Object.fromEntries([...entries].map(([path, name]) => [name, path])),
    outdir: resolve(outDir),
    plugins: [
      projectModules({ entries: [...entries.keys()], nameOf, replaced }),
      ENGLISH_ALONE,
      ...(options.platform === "browser" ? [NO_PROGRAMS_OF_TEXT] : []),
    ],
  });
  refuseUnnamed(metafile);
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => bytesInOutput > 0 ? [input] : [])
  );
  const folder = options.absWorkingDir!;
  return [...entries.values()].map((name) => ({
    name,
    ...filesOf(metafile, relative(folder, resolve(outDir, `${name}.js`)), folder),
    starts: [...starts].sort(),
    packages: packagesOf(inputs),
  }));
}

/**
 * Deno finds the names of what a package of CommonJS exports also where it is imported on demand; a bundle does not.
 *
 * @throws {Error} naming the first of these imports
 */
function refuseUnnamed({ inputs }: Metafile): void {
  for (const [from, { imports }] of Object.entries(inputs)) {
    if (from.includes("node_modules/")) continue;
    const wrong = imports.find(({ path, kind }) => kind === "dynamic-import" && inputs[path]?.format === "cjs");
    if (wrong === undefined) continue;
    throw new Error(
      `${from} imports ${wrong.original} on demand, a package of CommonJS, which has no names in a bundle: import it by a module ` +
        "that exports what is needed",
    );
  }
}

/** Paths of what was written, apart by when it is loaded; esbuild gives them below a folder. */
function filesOf({ outputs }: Metafile, own: string, folder: string): Pick<BundledModule, "startFiles" | "laterFiles"> {
  // What they import joins the files meanwhile.
  const atStart = new Set([own]);
  const all = new Set([own]);
  const imports = (path: string) => outputs[path]!.imports.filter(({ external }) => !external);
  for (const path of atStart) {
    for (const { path: imported, kind } of imports(path)) if (kind === "import-statement") atStart.add(imported);
  }
  for (const path of all) for (const { path: imported } of imports(path)) all.add(imported);
  const absolute = (paths: Iterable<string>) => [...paths].map((path) => resolve(folder, path));
  return { startFiles: absolute(atStart), laterFiles: absolute([...all].filter((path) => !atStart.has(path)).sort()) };
}

/** A name for a module that is no entry point, after its path below the root. */
function freeName(module: string, names: ReadonlyMap<string, string>): string {
  const name = relative(ROOT, module).replace(/\.\w+$/, "").replaceAll(/[^\w-]+/g, "_");
  if ([...names.values()].includes(name)) throw new Error(`two modules would be called ${name}.js: rename ${module}`);
  return name;
}

/** Packages that paths lie in, which esbuild gives below a folder such as node_modules/.deno/zod@4.6.7/node_modules/zod. */
function packagesOf(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) =>
    /node_modules\/\.deno\/([^/]+)\/node_modules\//.exec(path)?.[1]?.replaceAll("+", "/") ?? []
  );
  return [...new Set(found)].sort();
}
