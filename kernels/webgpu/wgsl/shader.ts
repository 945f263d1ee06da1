/**
 * Compute shaders as plain data, so that they can be made and examined without a device.
 */
import COMPLEX from "./complex.wgsl" with { type: "text" };
import STRUCTS from "./structs.wgsl" with { type: "text" };

/** Use of a binding by a shader; `write` also tells that every byte is replaced. */
export type Access = "read" | "write" | "read_write" | "uniform";

/** One variable of bind group 0; its position in {@link Shader.bindings} is its number. */
export interface Binding {
  readonly name: string;
  /** WGSL type, such as `array<vec2f>`. */
  readonly type: string;
  readonly access: Access;
}

/** A complete compute shader with the entry point `main`. */
export interface Shader {
  readonly label: string;
  readonly code: string;
  readonly bindings: readonly Binding[];
  readonly workgroupSize: readonly [x: number, y: number];
  /** Bytes of workgroup memory. */
  readonly sharedBytes: number;
}

/** Parts of a shader that its generator makes. */
interface ShaderParts {
  readonly label: string;
  /** One line for the head: the work of the kernel, its layout and units. */
  readonly header: string;
  readonly bindings: readonly Binding[];
  /** Module-scope constants, functions and workgroup variables. @default {none} */
  readonly declarations?: readonly string[];
  /** @default {0} */
  readonly sharedBytes?: number;
  readonly workgroupSize: readonly [x: number, y: number];
  /** Statements of `main`, which sees `local_id` and `workgroup_id`. */
  readonly body: string;
}

/** Puts a shader together. */
export function assembleShader(parts: ShaderParts): Shader {
  const { label, header, bindings, declarations = [], sharedBytes = 0, workgroupSize, body } = parts;
  const variables = bindings.map(({ name, type, access }, number) =>
    `@group(0) @binding(${number}) var<${addressSpace(access)}> ${name}: ${type};`
  );
  const own = [
    ...variables,
    ...declarations.map(withoutComments),
    `@compute @workgroup_size(${workgroupSize.join(", ")})`,
    "fn main(@builtin(local_invocation_id) local_id: vec3u, @builtin(workgroup_id) workgroup_id: vec3u) {",
    body,
    "}",
  ].filter((line) => line !== "").join("\n");
  const code = [`// ${header}`, ...structsOf(bindings), withoutUnused([...functionsOf(own), own].join("\n"))].join(
    "\n",
  );
  return { label, code, bindings, workgroupSize, sharedBytes };
}

/** The code as a driver gets it, which reads every character: without the spaces, breaks around braces and zeros that only people need. */
export function compactCode(code: string): string {
  return code.replaceAll(/^ +/gm, "").replaceAll(/ ?([,;:=+*(){}<>]) ?/g, "$1").replaceAll(/ - (?!-)/g, "-")
    .replaceAll(/\{\n|\n(?=\})/g, (around) => around.trim()).replaceAll(/(?<![\w.])0(?=\.\d)/g, "");
}

function withoutComments(code: string): string {
  return code.replaceAll(/^\s*\/\/.*\n/gm, "").replaceAll(/\n\n+/g, "\n").trim();
}

/** Leaves functions out that nothing calls. One ends on its first line, or with the first brace that begins a line. */
function withoutUnused(code: string): string {
  const functions = [...code.matchAll(/^fn (\w+)\((?:.*\}$|[^]*?\n\}$)/gm)].filter(([, name]) => name !== "main");
  const unused = functions.find(([, name]) => code.split(`${name}(`).length === 2);
  return unused ? withoutUnused(code.replace(`${unused[0]}\n`, "")) : code;
}

function structsOf(bindings: readonly Binding[]): string[] {
  const structs = [...STRUCTS.matchAll(/^struct (\w+) \{[^}]*\}$/gm)];
  return structs.filter(([, name]) => bindings.some(({ type }) => type === name)).map(([text]) => text);
}

/** The functions on complex numbers that a text calls. */
function functionsOf(text: string): string[] {
  const functions = [...COMPLEX.matchAll(/^fn (\w+)\(.*\}$/gm)];
  return functions.filter(([, name]) => text.includes(`${name}(`)).map(([text]) => text);
}

function addressSpace(access: Access): string {
  if (access === "uniform") return "uniform";
  return access === "read" ? "storage, read" : "storage, read_write";
}

/** The table `exp(-2 pi sqrt(-1) k / n)` of the transformed axis, computed in float64. */
export const TWIDDLES: Binding = { name: "twiddles", type: "array<vec2f>", access: "read" };
