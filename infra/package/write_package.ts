/** The npm package: the command line for everybody, the library for programs in Deno, the kernels for browsers too. */
import { fromFileUrl, join } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { bundle } from "../bundle/bundle.ts";
import { clearFolder } from "../bundle/clear_folder.ts";
import { writeNotices } from "../bundle/write_bundle.ts";
import { PACKAGE, writeDeclarations } from "./declarations.ts";
import { buildPage } from "../page/build_page.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What a program that is not in Deno is told by the library. */
const NEEDS_DENO =
  "clearstack's library runs in Deno: use its command line (npx clearstack), or import clearstack/kernels";

/** Modules that the package exports, and their declarations in the package. */
const [LIBRARY, KERNELS] = ["functions/library/clearstack", "functions/library/kernels"];
const TYPES = "./dist/types/";

/** Files that are copied as they are, by where they lie in the checkout. */
const COPIED = { "README.md": "infra/package/README.md", "CHANGELOG.md": "CHANGELOG.md", "LICENSE": "LICENSE" };

/** The web page, without its source map. */
const WEB = ["dist/web/*.html", "dist/web/page/*.js", "dist/web/page/*.css", "dist/web/page/*.svg"];

const MANIFEST = {
  name: PACKAGE,
  version: config.version,
  description: "Richardson-Lucy deconvolution of microscope volumes of any size, in WebGPU and WebAssembly",
  license: "Apache-2.0",
  keywords: ["deconvolution", "microscopy", "richardson-lucy", "ome-zarr", "webgpu"],
  type: "module",
  bin: { clearstack: "bin/clearstack.js" },
  exports: {
    ".": { types: `${TYPES}${LIBRARY}.d.ts`, deno: "./dist/library.js", default: "./dist/needs_deno.js" },
    "./kernels": { types: `${TYPES}${KERNELS}.d.ts`, default: "./dist/browser/kernels.js" },
    "./package.json": "./package.json",
  },
  files: ["bin/*.js", "dist/*.js", "dist/browser", "dist/types", ...WEB, "sbom.json", "LICENSES.txt", "CHANGELOG.md"],
  engines: { node: ">=20" },
  // The one that this package is made and tested with.
  dependencies: { deno: Deno.version.deno },
};

/**
 * Writes the package into a folder, from which `npm pack` makes an archive. An earlier one in the folder is removed.
 *
 * @throws {Error} if the folder holds something else
 */
export async function writePackage(folder: string): Promise<void> {
  await clearFolder(folder);
  const program = await bundle({
    entryPoints: {
      clearstack: "functions/cli/main.ts",
      library: `${LIBRARY}.ts`,
      deconvolve: "functions/deconvolve/main.ts",
    },
    outDir: join(folder, "dist"),
    platform: "deno",
  });
  const kernels = await bundle({
    entryPoints: { kernels: `${KERNELS}.ts` },
    outDir: join(folder, "dist", "browser"),
    platform: "browser",
  });
  await writeDeclarations(join(folder, TYPES), [`${LIBRARY}.ts`, `${KERNELS}.ts`]);
  // Where functions/view/page_folder.ts looks for it.
  const page = await buildPage(join(folder, "dist", "web"));
  const launcher = { clearstack: "infra/package/launcher.ts" };
  await bundle({ entryPoints: launcher, outDir: join(folder, "bin"), platform: "deno" });
  await Promise.all([
    Deno.chmod(join(folder, "bin", "clearstack.js"), 0o755),
    Deno.writeTextFile(join(folder, "dist", "needs_deno.js"), `throw new Error(${JSON.stringify(NEEDS_DENO)});\n`),
    Deno.writeTextFile(join(folder, "package.json"), `${JSON.stringify(MANIFEST, null, 2)}\n`),
    writeNotices(folder, [...program, ...kernels, ...page]),
    ...Object.entries(COPIED).map(([target, source]) => Deno.copyFile(join(ROOT, source), join(folder, target))),
  ]);
}
