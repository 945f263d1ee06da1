/**
 * Sums over a whole volume: every workgroup of a row kernel leaves one partial sum, and one more workgroup adds those up in a
 * fixed order, so that equal input gives equal bytes.
 */
import { assembleShader, type Binding, type Shader } from "../wgsl/shader.ts";
import { Wgsl } from "../wgsl/wgsl.ts";

/** Two sums at a time, one pair of numbers per workgroup. */
export const PARTIAL_SUMS: Binding = { name: "partial_sums", type: "array<vec2f>", access: "write" };

/** Bytes of one partial sum. */
export const PARTIAL_SUM_BYTES = 8;

/** Invocations of the adding workgroup. */
const LANES = 256;

/** Workgroup memory in which `invocations` lanes add up their sums. */
export function sumMemory(invocations: number): { declaration: string; bytes: number } {
  return { declaration: `var<workgroup> lane_sums: array<vec2f, ${invocations}>;`, bytes: 8 * invocations };
}

/**
 * Adds up `sums` of all lanes of a workgroup; `lane_sums[0]` holds the total afterwards.
 *
 * @param index WGSL name of the lane's number in its workgroup of `invocations`
 */
export function addLanes(w: Wgsl, sums: string, index: string, invocations: number): void {
  w.line(`lane_sums[${index}] = ${sums};`);
  for (let half = 2 ** Math.ceil(Math.log2(invocations)) / 2; half >= 1; half /= 2) {
    w.line("workgroupBarrier();");
    const partners = Math.min(half, invocations - half);
    w.when(`${index} < ${partners}u`, () => w.line(`lane_sums[${index}] += lane_sums[${index} + ${half}u];`));
  }
}

/** Use of the two totals, named `totals`. */
interface TotalUse {
  readonly label: string;
  readonly binding: Binding;
  /** WGSL statement. */
  readonly statement: string;
}

/** Adds up all partial sums; a single workgroup. */
export function totalShader({ label, binding, statement }: TotalUse): Shader {
  const w = new Wgsl();
  const memory = sumMemory(LANES);
  w.line("let lane = local_id.x;");
  w.line("var sums = vec2f(0.0);");
  w.line(`for (var i = lane; i < arrayLength(&partial_sums); i += ${LANES}u) { sums += partial_sums[i]; }`);
  addLanes(w, "sums", "lane", LANES);
  w.when("lane == 0u", () => {
    w.line("let totals = lane_sums[0];");
    w.line(statement);
  });
  return assembleShader({
    label,
    header: `${label}: adds up all partial sums`,
    bindings: [{ ...PARTIAL_SUMS, access: "read" }, binding],
    declarations: [memory.declaration],
    sharedBytes: memory.bytes,
    workgroupSize: [LANES, 1],
    body: w.toString(),
  });
}
