/** The program as it is deployed: each function, the command line and what they start, with their permission sets. */
import { join } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { configOf, FUNCTIONS } from "../deno_config.ts";
import { billOfMaterials } from "./bill_of_materials.ts";
import { bundle, type BundledModule } from "./bundle.ts";
import { clearFolder } from "./clear_folder.ts";
import { buildPage } from "../page/build_page.ts";
import { installPackages } from "./install_packages.ts";
import { licenceTexts } from "./licence_texts.ts";
import { type ModuleSize, moduleSizes } from "./size_report.ts";

const ENTRY_POINTS = {
  ...Object.fromEntries(FUNCTIONS.map((name) => [name, `functions/${name}/main.ts`])),
  clearstack: "functions/cli/main.ts",
  permission_flags: "infra/bundle/permission_flags.ts",
};

/** A bundle that was written. */
interface WrittenBundle {
  readonly modules: readonly BundledModule[];
  readonly sizes: readonly ModuleSize[];
}

/**
 * Writes the bundle into a folder: the files, a deno.json with permission sets and tasks, `sizes.json`, and what
 * {@link writeNotices} writes. An earlier bundle in the folder is removed.
 *
 * @throws {Error} if the folder holds something else
 */
export async function writeBundle(folder: string): Promise<WrittenBundle> {
  await clearFolder(folder);
  const modules = await bundle({ entryPoints: ENTRY_POINTS, outDir: folder, platform: "deno" });
  // Where functions/view/page_folder.ts looks for it.
  const page = await buildPage(join(folder, "web"));
  const layout = {
    code: ["./"],
    cli: "clearstack.js",
    flags: "permission_flags.js",
    main: (name: string) => `${name}.js`,
  };
  const sizes = await moduleSizes(modules);
  await Promise.all([
    writeJson(join(folder, "deno.json"), { version: config.version, unstable: config.unstable, ...configOf(layout) }),
    writeJson(join(folder, "sizes.json"), sizes),
    writeNotices(folder, [...modules, ...page]),
  ]);
  return { modules, sizes };
}

/** Writes what has to go with bundled packages: `sbom.json`, the bill of materials, and `LICENSES.txt`, their licences. */
export async function writeNotices(folder: string, modules: readonly BundledModule[]): Promise<void> {
  const packages = await installPackages();
  const shipped = new Set(modules.flatMap(({ packages }) => packages));
  await Promise.all([
    writeJson(join(folder, "sbom.json"), await billOfMaterials({ shipped, packages })),
    Deno.writeTextFile(join(folder, "LICENSES.txt"), await licenceTexts(packages, shipped)),
  ]);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
