/** The project as the TypeScript compiler sees it: the declarations of its modules, and what its type aliases come to. */
import { fromFileUrl, join } from "@std/path";
import ts from "typescript";
import config from "../../deno.json" with { type: "json" };
import { installPackages } from "../bundle/install_packages.ts";
import { packageAliases } from "../bundle/project_modules.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

const OPTIONS: ts.CompilerOptions = {
  ...{ target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  ...{ moduleResolution: ts.ModuleResolutionKind.Bundler, allowImportingTsExtensions: true, resolveJsonModule: true },
  ...{ declaration: true, emitDeclarationOnly: true, skipLibCheck: true },
  // The types of Deno's globals, which are a file of their own, stand in for those of a browser.
  ...{ lib: ["lib.esnext.d.ts"], types: [], rootDir: ROOT, outDir: ROOT },
};

/** What the compiler says of modules and all that they import. */
export interface DeclaredProgram {
  /** Declarations of a module by its path below the root, such as `shared/errors.ts`. */
  declarations(path: string): string;
  /**
   * A type alias written out, so that it names no other type of the module.
   *
   * @throws {Error} if the module has none of this name, or it comes to nothing that can be written
   */
  writtenOut(path: string, alias: string): string;
}

/** @param entries paths of modules below the root */
export async function declaredProgram(entries: readonly string[]): Promise<DeclaredProgram> {
  const packages = await installPackages();
  const globals = await Deno.makeTempFile({ prefix: "clearstack-deno-", suffix: ".d.ts" });
  try {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["types"] }).output();
    // Their references to the compiler's own libraries are those of another compiler.
    await Deno.writeTextFile(globals, new TextDecoder().decode(stdout).replaceAll(/^\/\/\/ <reference .*$/gm, ""));
    const options = { ...config.compilerOptions, ...OPTIONS, paths: modulePaths(join(packages, "node_modules")) };
    const program = ts.createProgram([...entries.map((path) => join(ROOT, path)), globals], options);
    return read(program);
  } finally {
    await Deno.remove(globals);
  }
}

/** Where modules of the project and of packages lie, by what imports call them. */
function modulePaths(nodeModules: string): Record<string, string[]> {
  const places = ["shared", "kernels", "functions"].map((top) => [`${top}/*`, join(ROOT, top, "*")]);
  for (const [name, module] of Object.entries(packageAliases())) {
    const any = name.endsWith("/") ? "*" : "";
    places.push([`${name}${any}`, join(nodeModules, `${module}${any}`)]);
  }
  places.push(["*", join(nodeModules, "*")]);
  return Object.fromEntries(places.map(([name, place]) => [name, [place!]]));
}

function read(program: ts.Program): DeclaredProgram {
  const checker = program.getTypeChecker();
  const sourceOf = (path: string) => {
    const source = program.getSourceFile(join(ROOT, path));
    if (source === undefined) throw new Error(`${path} is no module of the package`);
    return source;
  };
  return {
    declarations(path) {
      let text: string | undefined;
      program.emit(sourceOf(path), (_, written) => text = written, undefined, true);
      if (text === undefined) throw new Error(`the compiler makes no declarations of ${path}`);
      return text;
    },
    writtenOut(path, name) {
      const source = sourceOf(path);
      const alias = source.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === name);
      if (alias === undefined) throw new Error(`${path} has no type ${name} to write out`);
      const flags = ts.TypeFormatFlags.InTypeAlias | ts.TypeFormatFlags.NoTruncation;
      return checker.typeToString(checker.getTypeAtLocation(alias), alias, flags);
    },
  };
}
