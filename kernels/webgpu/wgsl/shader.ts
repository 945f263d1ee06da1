/**
 * Compute shaders as plain data, so that they can be made and examined without a device.
 */
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
  const code = [
    `// ${header}`,
    STRUCTS,
    ...variables,
    ...declarations,
    `@compute @workgroup_size(${workgroupSize.join(", ")})`,
    "fn main(@builtin(local_invocation_id) local_id: vec3u, @builtin(workgroup_id) workgroup_id: vec3u) {",
    body,
    "}",
  ].filter((line) => line !== "").join("\n");
  return { label, code, bindings, workgroupSize, sharedBytes };
}

function addressSpace(access: Access): string {
  if (access === "uniform") return "uniform";
  return access === "read" ? "storage, read" : "storage, read_write";
}

/** The table `exp(-2 pi sqrt(-1) k / n)` of the transformed axis, computed in float64. */
export const TWIDDLES: Binding = { name: "twiddles", type: "array<vec2f>", access: "read" };
