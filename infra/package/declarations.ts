/**
 * Type declarations of the package's modules. The compiler declares each module of the project by itself; of those, what can be
 * reached from the exports is kept, and types that follow from schemas are written out, so that no other package is needed.
 */
import { dirname, join, relative } from "@std/path";
import ts from "typescript";
import config from "../../deno.json" with { type: "json" };
import { type DeclaredProgram, declaredProgram } from "./declared_program.ts";

/** Modules of the project as imports call them. */
const PROJECT = /^(shared|kernels|functions)\//;

/** What the package is called in registries that have no scopes of ours. */
export const PACKAGE = "clearstack";

/** The package that schemas are made with. */
const SCHEMAS = "zod";

/**
 * Writes declarations into a folder, laid out as the modules are below the root.
 *
 * @param entries paths of modules below the root, all exports of which are declared
 * @throws {Error} for an export whose type needs another package
 */
export async function writeDeclarations(folder: string, entries: readonly string[]): Promise<void> {
  const reached = new Reached(await declaredProgram(entries));
  for (const entry of entries) reached.all(entry);
  for (const [path, text] of reached.texts()) {
    const file = join(folder, path.replace(/\.ts$/, ".d.ts"));
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}

/** A module whose declarations are looked through. */
interface Module {
  readonly path: string;
  readonly source: ts.SourceFile;
  /** Statements that declare a name: one, or the overloads of a function. */
  readonly declared: ReadonlyMap<string, readonly ts.Statement[]>;
  /** Where an imported name comes from. */
  readonly imported: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  /** Names that are kept, and types that are written out, by their names. */
  readonly kept: Map<string, string | undefined>;
  readonly keptImports: Set<string>;
}

/** What can be reached of a program, found name by name. */
class Reached {
  readonly #program: DeclaredProgram;
  readonly #modules = new Map<string, Module>();

  constructor(program: DeclaredProgram) {
    this.#program = program;
  }

  /** Keeps all exports of a module that does nothing but export. */
  all(path: string): void {
    for (const statement of this.#module(path).source.statements) {
      if (!ts.isExportDeclaration(statement)) throw new Error(`${path} does more than export what others declare`);
      const from = moduleOf(statement.moduleSpecifier, path);
      if (!statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
        throw new Error(`${path} exports ${from} without names`);
      }
      for (const { name, propertyName } of statement.exportClause.elements) {
        this.#keep(from, (propertyName ?? name).text);
      }
    }
  }

  /** Declarations by the paths of their modules. */
  texts(): [path: string, text: string][] {
    return [...this.#modules.values()].map((module) => [module.path, textOf(module)]);
  }

  #keep(path: string, name: string): void {
    const module = this.#module(path);
    if (module.kept.has(name)) return;
    const statements = module.declared.get(name);
    if (statements === undefined) return this.#import(module, name);
    module.kept.set(name, undefined);
    if (statements.some((statement) => this.#followsFromSchema(module, statement))) {
      if (!statements.every(ts.isTypeAliasDeclaration)) {
        throw new Error(`${name} of ${path} is declared by a schema: export a type of what it parses`);
      }
      module.kept.set(name, this.#program.writtenOut(path, name));
      return;
    }
    for (const statement of statements) this.#follow(module, statement);
  }

  #import(module: Module, name: string): void {
    const origin = module.imported.get(name);
    // A global.
    if (origin === undefined) return;
    if (!PROJECT.test(origin.from)) {
      throw new Error(`${name} of ${module.path} is a type of the package ${origin.from}`);
    }
    module.keptImports.add(name);
    this.#keep(origin.from, origin.name);
  }

  /** Keeps all that a declaration names. */
  #follow(module: Module, node: ts.Node): void {
    if (ts.isImportTypeNode(node)) {
      const from = moduleOf(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, module.path);
      if (node.qualifier === undefined) throw new Error(`${module.path} names all of ${from} as a type`);
      this.#keep(from, firstName(node.qualifier));
    } else if (ts.isIdentifier(node) && !isMemberName(node)) this.#keepNamed(module, node.text);
    ts.forEachChild(node, (child) => this.#follow(module, child));
  }

  #keepNamed(module: Module, name: string): void {
    if (module.declared.has(name) || module.imported.has(name)) this.#keep(module.path, name);
  }

  /** True for a declaration that names the package of schemas, or the type of a value that does. */
  #followsFromSchema(module: Module, node: ts.Node): boolean {
    if (ts.isIdentifier(node)) return module.imported.get(node.text)?.from === SCHEMAS;
    if (ts.isTypeQueryNode(node)) return this.#isSchema(module, firstName(node.exprName));
    return ts.forEachChild(node, (child) => this.#followsFromSchema(module, child) || undefined) ?? false;
  }

  #isSchema(module: Module, name: string): boolean {
    const origin = module.imported.get(name);
    if (origin !== undefined) {
      return PROJECT.test(origin.from) && this.#isSchema(this.#module(origin.from), origin.name);
    }
    return (module.declared.get(name) ?? []).some((statement) => this.#followsFromSchema(module, statement));
  }

  #module(path: string): Module {
    const known = this.#modules.get(path);
    if (known) return known;
    const source = ts.createSourceFile(path, this.#program.declarations(path), ts.ScriptTarget.ESNext, true);
    const module = { path, source, ...namesOf(source, path), kept: new Map(), keptImports: new Set<string>() };
    this.#modules.set(path, module);
    return module;
  }
}

function namesOf(source: ts.SourceFile, path: string): Pick<Module, "declared" | "imported"> {
  const declared = new Map<string, ts.Statement[]>();
  const imported = new Map<string, { from: string; name: string }>();
  const declare = (name: string, statement: ts.Statement) =>
    declared.set(name, [...declared.get(name) ?? [], statement]);
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
      const from = moduleOf(statement.moduleSpecifier, path);
      for (const { name, propertyName } of bindings.elements) {
        imported.set(name.text, { from, name: (propertyName ?? name).text });
      }
    } else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) declare((name as ts.Identifier).text, statement);
    } else if ("name" in statement && ts.isIdentifier(statement.name as ts.Node)) {
      declare((statement.name as ts.Identifier).text, statement);
    }
  }
  return { declared, imported };
}

/** The text of what is kept, whose imports name files beside it. */
function textOf({ path, source, declared, imported, kept, keptImports }: Module): string {
  const statements = new Set([...kept].flatMap(([name, written]) => written === undefined ? declared.get(name)! : []));
  const isEntry = kept.size === 0 && keptImports.size === 0;
  const lines = source.statements.flatMap((statement) => {
    const isKept = statements.has(statement) || (isEntry && ts.isExportDeclaration(statement));
    return isKept ? [statement.getFullText(source).trim()] : [];
  });
  const imports = [...keptImports].map((name) => {
    const { from, name: original } = imported.get(name)!;
    return `import type { ${original === name ? name : `${original} as ${name}`} } from "${from}";`;
  });
  const types = [...kept].flatMap(([name, written]) =>
    written === undefined ? [] : [`export type ${name} = ${written};`]
  );
  const beside = (module: string) => {
    const near = relative(dirname(path), module);
    return near.startsWith(".") ? near : `./${near}`;
  };
  const text = [...imports, ...lines, ...types, ""].join("\n");
  // Where an import is meant: examples in comments name the package.
  const moved = text.replaceAll(
    /(from |import\()"((?:shared|kernels|functions|\.{1,2})\/[^"]+)\.[jt]s"/g,
    (_, how, module) => `${how}"${beside(PROJECT.test(module) ? module : join(dirname(path), module))}.js"`,
  );
  return moved.replaceAll(config.name, PACKAGE);
}

/** Path of the module that an import names, below the root; a package by its name. */
function moduleOf(specifier: ts.Node | undefined, path: string): string {
  if (specifier === undefined || !ts.isStringLiteral(specifier)) throw new Error(`${path} exports names of its own`);
  const { text } = specifier;
  return text.startsWith(".") ? join(dirname(path), text.replace(/\.js$/, ".ts")) : text;
}

function firstName(name: ts.EntityName | ts.ImportTypeNode): string {
  if (ts.isIdentifier(name)) return name.text;
  if (ts.isQualifiedName(name)) return firstName(name.left);
  throw new Error("the type of a whole module has no name");
}

/** True for a name after a dot, or of a member, which is none of the module's. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isQualifiedName(parent) && parent.right === node) ||
    ((ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent) || ts.isParameter(parent) || ts.isGetAccessor(parent)) && parent.name === node);
}
