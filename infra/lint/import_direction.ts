/**
 * Lint rules that keep the architecture: imports point one way (shared <- kernels <- functions <- infra, tests), and what
 * touches the world outside (environment, listening sockets, the GPU) is reached from the few files meant for it.
 */

const ROOT = new URL("../../", import.meta.url);

/** Folders that each top folder may import from; a folder that is not listed here is not source. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  kernels: ["kernels", "shared"],
  functions: ["functions", "kernels", "shared"],
  infra: ["infra", "tests", "functions", "kernels", "shared"],
  tests: ["infra", "tests", "functions", "kernels", "shared"],
};

/** The kernels are arrays in, arrays out: they know settings, sizes, errors and instructions, nothing of storage or HTTP. */
const SHARED_FOR_KERNELS = [
  "shared/contract/decisions.ts",
  "shared/volume/geometry.ts",
  "shared/volume/position.ts",
  "shared/plan/fast_size.ts",
  "shared/errors.ts",
  "shared/wasm/wasm_code.ts",
  "shared/wasm/wasm_module.ts",
];

/** Functions that may import others. The library hosts them, and the command line goes through it. */
const HOSTED_BY: Readonly<Record<string, (hosted: string) => boolean>> = {
  library: (hosted) => hosted !== "cli",
  cli: (hosted) => hosted === "library",
};

/** The one file besides main.ts that reads the environment: programs that import the library have no main.ts of ours. */
const LIBRARY_ENVIRONMENT = "functions/library/process_environment.ts";

/** Files that open ports besides main.ts: the library puts functions and images on one, the demo its files. */
const SERVING_FILES = [
  "functions/library/listen.ts",
  "functions/cli/demo/demo.ts",
];

/** The name by which programs import the library. */
const OWN_NAME = "@clearstack/clearstack";

const GPU_FILE = "kernels/webgpu/device/gpu_device.ts";

/** Path of a file below the root of the project with `/` between folders, or undefined if it lies elsewhere. */
function projectPath(url: URL): string | undefined {
  return url.href.startsWith(ROOT.href) ? decodeURIComponent(url.href.slice(ROOT.href.length)) : undefined;
}

/** Project path of the file being linted; `filename` is a path of this machine. */
function lintedPath(filename: string): string {
  const path = filename.replaceAll("\\", "/").replace(/^(?=[A-Za-z]:)/, "/");
  return projectPath(new URL(`file://${encodeURI(path)}`)) ?? path;
}

/** Project path that a specifier means, or undefined for packages. */
function importedPath(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("file:")) {
    return projectPath(new URL(specifier, new URL(importer, ROOT)));
  }
  if (`${specifier}/`.startsWith(`${OWN_NAME}/`)) return "functions/library/clearstack.ts";
  return specifier.split("/")[0] in MAY_IMPORT ? specifier : undefined;
}

/** Explains why `importer` may not import `imported` (project paths); undefined if it may. */
function forbiddenImport(importer: string, imported: string): string | undefined {
  const [from, fromFunction] = importer.split("/");
  const [to, toFunction] = imported.split("/");
  const allowed = MAY_IMPORT[from];
  if (!allowed || !(to in MAY_IMPORT)) return undefined;
  if (!allowed.includes(to)) {
    return `${from}/ may not import ${to}/: imports point one way, shared <- kernels <- functions <- infra, tests`;
  }
  if (from === "kernels" && to === "shared" && !SHARED_FOR_KERNELS.includes(imported)) {
    return `kernels/ may import only ${SHARED_FOR_KERNELS.join(", ")} of shared/, not ${imported}`;
  }
  if (from === "functions" && to === "functions" && fromFunction !== toFunction) {
    if (HOSTED_BY[fromFunction!]?.(toFunction!)) return undefined;
    return `functions never import each other (${fromFunction} imports ${toFunction}): put what they share in shared/; ` +
      "library alone hosts them, and cli goes through library";
  }
  return undefined;
}

/** True where environment variables and sockets may be touched: entry points, and what is no part of the program. */
function isEntryPoint(path: string): boolean {
  return path.startsWith("infra/") || path.startsWith("tests/") || /^functions\/[^/]+\/main\.ts$/.test(path);
}

/** Name of the property that a member expression reads, if it can be known. */
function propertyName(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return node.property.type === "Literal" ? String(node.property.value) : undefined;
}

/** The global that an expression names, also when it is spelled `globalThis.Deno`. */
function globalName(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || globalName(node.object) !== "globalThis") return undefined;
  return propertyName(node);
}

/** Explains why `path` may not read `global.property`; undefined if it may. */
function forbiddenGlobal(path: string, global: string | undefined, property: string | undefined): string | undefined {
  if (global === "navigator" && property === "gpu") {
    return path === GPU_FILE ? undefined : `navigator.gpu belongs to ${GPU_FILE} alone: ask it for a device`;
  }
  const environment = (global === "Deno" || global === "process") && property === "env";
  if (environment && !isEntryPoint(path) && path !== LIBRARY_ENVIRONMENT) {
    return "the environment is read in a function's main.ts only: take the value as an argument";
  }
  const serves = global === "Deno" && property === "serve";
  if (serves && !isEntryPoint(path) && !SERVING_FILES.includes(path)) {
    return "ports are opened in a function's main.ts only: export an app and let main.ts serve it";
  }
  return undefined;
}

/** Literal file names in `new URL("./worker.ts", import.meta.url)`, which is how a Worker's module is named. */
function moduleUrl(node: Deno.lint.NewExpression): string | undefined {
  const [file, base] = node.arguments;
  const named = node.callee.type === "Identifier" && node.callee.name === "URL" && base?.type === "MemberExpression";
  if (!named || file?.type !== "Literal" || typeof file.value !== "string") return undefined;
  return file.value.endsWith(".ts") ? file.value : undefined;
}

/** Reports every import, re-export, dynamic import, type import and Worker module that points the wrong way. */
const direction: Deno.lint.Rule = {
  create(context) {
    const importer = lintedPath(context.filename);
    function check(node: Deno.lint.Node, specifier: unknown) {
      if (typeof specifier !== "string") return;
      const imported = importedPath(importer, specifier);
      const message = imported && forbiddenImport(importer, imported);
      if (message) context.report({ node, message });
    }
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.type === "Literal" ? node.source.value : undefined),
      TSImportType: (node) => check(node, node.argument.type === "TSLiteralType" ? literal(node.argument) : undefined),
      NewExpression: (node) => check(node, moduleUrl(node)),
    };
  },
};

/** Value of a literal type such as the `"x.ts"` in `import("x.ts")`. */
function literal(node: Deno.lint.TSLiteralType): unknown {
  return node.literal.type === "Literal" ? node.literal.value : undefined;
}

/** Reports reads of the environment, listening sockets and the GPU outside the files meant for them. */
const edges: Deno.lint.Rule = {
  create(context) {
    const path = lintedPath(context.filename);
    function check(node: Deno.lint.Node, global: string | undefined, property: string | undefined) {
      const message = forbiddenGlobal(path, global, property);
      if (message) context.report({ node, message });
    }
    return {
      MemberExpression: (node) => check(node, globalName(node.object), propertyName(node)),
      VariableDeclarator(node) {
        if (node.id.type !== "ObjectPattern" || !node.init) return;
        for (const property of node.id.properties) {
          if (property.type === "Property" && property.key.type === "Identifier") {
            check(property, globalName(node.init), property.key.name);
          }
        }
      },
    };
  },
};

/** The plugin, named in deno.json under `lint.plugins`; its rules are on as soon as it is. */
export default { name: "architecture", rules: { direction, edges } } satisfies Deno.lint.Plugin;
