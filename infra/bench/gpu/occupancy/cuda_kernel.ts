/**
 * Rewrites a generated shader as a CUDA kernel, for a compiler that tells what it would take of a GPU. It knows the WGSL that the
 * generators write and no more; what it does not know, nvcc refuses.
 */
import type { Binding, Shader } from "kernels/webgpu/wgsl/shader.ts";

const PRELUDE = await Deno.readTextFile(new URL("./prelude.cuh", import.meta.url));

/** A CUDA source with one kernel per shader, called `kernel0`, `kernel1` and so on. */
export function cudaSource(shaders: readonly Shader[]): string {
  return [PRELUDE, ...shaders.map((shader, number) => `namespace of${number} {\n${cudaKernel(shader, number)}\n}`)]
    .join("\n");
}

/** Functions become lambdas within the kernel, since they see its buffers. */
function cudaKernel({ code, bindings, workgroupSize }: Shader, number: number): string {
  const [head, main] = withoutComments(code).split(/@compute[^{]*\{/);
  const uniforms = bindings.filter(({ access }) => access === "uniform");
  const structs = [...head.matchAll(/struct (\w+) \{([^}]*)\}/g)]
    .filter(([, name]) => bindings.some(({ type }) => type === name))
    .map(([, name, members]) => `struct ${name} { ${structMembers(members)} };`);
  const declarations = head.replaceAll(/struct \w+ \{[^}]*\}/g, "").replaceAll(/@group[^;]*;/g, "");
  const [x, y] = workgroupSize;
  const parameters = bindings.filter(({ access }) => access !== "uniform").map(parameter);
  return [
    ...structs,
    ...uniforms.map(({ name, type }) => `__constant__ ${type} ${name};`),
    `extern "C" __global__ void __launch_bounds__(${x * y}) kernel${number}(${parameters.join(", ")}) {`,
    "const uint3 local_id = threadIdx, workgroup_id = blockIdx;",
    lambdas(statements(declarations)),
    ...clearedMemory(declarations, x * y, x),
    statements(main),
  ].join("\n");
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\/[^\n]*/g, "");
}

/** Statements read alike but for names of types, and for numbers that WGSL takes as float32 and C++ as float64. */
function statements(code: string): string {
  return code
    .replaceAll(/(?<![\w.])(\d+\.\d+(?:e[+-]?\d+)?)(?![\dfe])/g, "$1f")
    .replaceAll("vec2<bool>", "vec2b")
    .replaceAll(/\bvar<private> (\w+): (\w+) =/g, "$2 $1 =")
    .replaceAll(/\bvar<workgroup> (\w+): array<(\w+), (\d+)>;/g, "__shared__ $2 $1[$3];")
    .replaceAll(/\b(?:let|const) (\w+) =/g, "const auto $1 =")
    .replaceAll(/\bvar (\w+) =/g, "auto $1 =");
}

/** WebGPU clears workgroup memory before a kernel begins. */
function clearedMemory(declarations: string, invocations: number, width: number): string[] {
  const arrays = [...declarations.matchAll(/var<workgroup> (\w+): array<(\w+), (\d+)>;/g)];
  if (arrays.length === 0) return [];
  const loops = arrays.map(([, name, type, length]) =>
    `for (u32 i = local_id.y * ${width}u + local_id.x; i < ${length}u; i += ${invocations}u) ${name}[i] = ${type}(0.0f);`
  );
  return [...loops, "workgroupBarrier();"];
}

function parameter({ name, type, access }: Binding): string {
  const element = /^array<(\w+)>$/.exec(type)?.[1] ?? type;
  return `${access === "read" ? "const " : ""}${element}* __restrict__ ${name}`;
}

function structMembers(members: string): string {
  return [...members.matchAll(/(\w+): (?:array<(\w+), (\d+)>|(\w+))/g)]
    .map(([, name, element, length, type]) => length ? `${element} ${name}[${length}];` : `${type} ${name};`).join(" ");
}

/** A function ends on its first line, or with the first brace that begins a line. */
function lambdas(code: string): string {
  return code.replaceAll(
    /\bfn (\w+)\(([^)]*)\)(?: -> (\w[\w<>, ]*?))? (\{(?:[^\n]*\}|.*?\n\}))/gs,
    (_, name, list: string, type: string | undefined, body) =>
      `auto ${name} = [&](${list.split(/, (?=\w+: )/).map(argument).join(", ")}) -> ${type ?? "void"} ${body};`,
  );
}

function argument(typed: string): string {
  const [name, type] = typed.trim().split(": ");
  return `${type} ${name}`;
}
