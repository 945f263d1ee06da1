/**
 * Modules as plain JavaScript: each with everything it imports in one file, packages and shaders included, so that neither this
 * checkout nor a package registry is needed where it runs.
 */
import { fromFileUrl, join, relative, resolve } from "@std/path";
import { build, type BuildOptions, stop } from "esbuild";
import { installPackages } from "./install_packages.ts";
import { packageAliases, projectModules } from "./project_modules.ts";

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
}

/** A file that was written, beside its source map. */
export interface BundledFile {
  /** Name of the file without its extension. */
  readonly name: string;
  /** Path of the file. */
  readonly path: string;
  /** Modules that this one starts as threads or processes, by the names of their files. */
  readonly starts: readonly string[];
  /** Packages in it, each as `name@version`, sorted. */
  readonly packages: readonly string[];
}

const PLATFORMS: Readonly<Record<BundleOptions["platform"], BuildOptions>> = {
  // What Deno itself looks for in a package.
  deno: { platform: "node", conditions: ["deno"], mainFields: ["module", "main"], target: "esnext" },
  browser: { platform: "browser", target: "es2022" },
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
  { entryPoints, outDir, platform, replaced = {}, leftOut = [] }: BundleOptions,
): Promise<BundledFile[]> {
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
    loader: { ".wgsl": "text" },
    jsx: "automatic",
    jsxImportSource: "preact",
    format: "esm",
    bundle: true,
    minify: true,
    sourcemap: true,
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
  };
  underWay++;
  try {
    const files: BundledFile[] = [];
    // Modules that are found to be started join the names meanwhile.
    for (const [entry, name] of names) files.push(await bundleFile({ entry, name, outDir, names, options }));
    return files;
  } finally {
    if (--underWay === 0) await stop();
  }
}

interface OneFile {
  readonly entry: string;
  readonly name: string;
  readonly outDir: string;
  readonly names: Map<string, string>;
  readonly options: BuildOptions;
}

async function bundleFile({ entry, name, outDir, names, options }: OneFile): Promise<BundledFile> {
  const starts = new Set<string>();
  const nameOf = (module: string) => {
    if (!names.has(module)) names.set(module, freeName(module, names));
    starts.add(names.get(module)!);
    return names.get(module)!;
  };
  const path = resolve(outDir, `${name}.js`);
  const { metafile } = await build({
    ...options,
    metafile: true,
    entryPoints: [entry],
    outfile: path,
    plugins: [projectModules({ entry, nameOf })],
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => bytesInOutput > 0 ? [input] : [])
  );
  return { name, path, starts: [...starts].sort(), packages: packagesOf(inputs) };
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
