/**
 * The form in which the OTF is kept from iteration to iteration: real or complex numbers, float32 or float16.
 *
 * Column 0, where two planes share complex numbers (see packed_column_kernel.ts), is kept apart as complex float32 numbers, one
 * per row of the box; the place of that column in the OTF itself is not used.
 */
import { assembleShader, type Binding, type Shader } from "../wgsl/shader.ts";
import { plus } from "../wgsl/wgsl.ts";

/** One of the four ways. */
export interface OtfFormat {
  /** Without imaginary parts, for centro-symmetric PSFs. */
  readonly real: boolean;
  readonly precision: "float32" | "float16";
}

/**
 * float16 values are kept 256 times as large: those down to 2^-22 of a PSF's sum are normal numbers then, while unmatched
 * projectors, which reach 16, stay far below the largest.
 */
const HALF_SCALE = 256;

/** Bytes of the OTF per voxel of the box, which has two voxels for each coefficient. */
export function otfBytesPerVoxel({ real, precision }: OtfFormat): number {
  return (precision === "float16" ? 2 : 4) / (real ? 2 : 1);
}

/** WGSL type of the binding. */
export function otfType({ real, precision }: OtfFormat): string {
  if (precision === "float16") return "array<u32>";
  return real ? "array<f32>" : "array<vec2f>";
}

/** WGSL expression of the coefficient at `index` of the buffer `name`: an `f32` if it is real, else a `vec2f`. */
export function otfAt({ real, precision }: OtfFormat, name: string, index: string): string {
  if (precision === "float32") return `${name}[${index}]`;
  const half = `${1 / HALF_SCALE}f`;
  if (!real) return `unpack2x16float(${name}[${index}]) * ${half}`;
  return `unpack2x16float(${name}[(${index}) >> 1u] >> (((${index}) & 1u) * 16u)).x * ${half}`;
}

/** Invocations of a workgroup. */
const LANES = 256;

/** A shader that keeps OTFs, and the workgroups that it takes. */
export interface OtfKeeper {
  readonly shader: Shader;
  readonly grid: readonly [x: number, y: number];
}

/**
 * Converts one part of a transformed PSF.
 *
 * @param coefficients complex numbers of the part
 * @param maxGroups workgroups that a dimension may have
 */
export function keepOtf(format: OtfFormat, coefficients: number, maxGroups: number): OtfKeeper {
  const { real, precision } = format;
  const each = real && precision === "float16" ? 2 : 1;
  const elements = Math.ceil(coefficients / each);
  const second = `select(vec2f(0.0), spectrum[2u * i + 1u], 2u * i + 1u < ${coefficients}u)`;
  const value = precision === "float32"
    ? `spectrum[i]${real ? ".x" : ""}`
    : `pack2x16float(${HALF_SCALE}.0 * ${real ? `vec2f(spectrum[2u * i].x, ${second}.x)` : "spectrum[i]"})`;
  const target: Binding = { name: "otf", type: otfType(format), access: "write" };
  return keeper(`keep OTF ${real ? "real" : "complex"} ${precision}`, { target, elements, value }, maxGroups);
}

/** The binding of column 0 of the OTF. */
export const OTF_COLUMN: Binding = { name: "otfcolumn", type: "array<vec2f>", access: "read" };

/** Rows of one part of a transformed PSF. */
interface OtfRows {
  /** Rows of all parts before. */
  readonly before: number;
  readonly rows: number;
  /** Complex numbers of a row. */
  readonly halfWidth: number;
}

/** Copies column 0 of one part of a transformed PSF to its place in the column of the box. */
export function keepOtfColumn({ before, rows, halfWidth }: OtfRows, maxGroups: number): OtfKeeper {
  const target: Binding = { ...OTF_COLUMN, access: "write" };
  const value = `spectrum[i * ${halfWidth}u]`;
  return keeper("keep OTF column 0", { target, elements: rows, firstElement: before, value }, maxGroups);
}

interface KeeperParts {
  readonly target: Binding;
  readonly elements: number;
  /** Element of the target where the first one goes. @default {0} */
  readonly firstElement?: number;
  /** WGSL expression of element `i`. */
  readonly value: string;
}

function keeper(
  label: string,
  { target, elements, firstElement = 0, value }: KeeperParts,
  maxGroups: number,
): OtfKeeper {
  const groups = Math.ceil(elements / LANES);
  const columns = Math.min(groups, maxGroups);
  const shader = assembleShader({
    label,
    header: `${label}, ${elements} elements`,
    bindings: [{ name: "spectrum", type: "array<vec2f>", access: "read" }, target],
    workgroupSize: [LANES, 1],
    body: `let i = (workgroup_id.y * ${columns}u + workgroup_id.x) * ${LANES}u + local_id.x;
if (i < ${elements}u) { ${target.name}[${plus("i", firstElement)}] = ${value}; }`,
  });
  return { shader, grid: [columns, Math.ceil(groups / columns)] };
}
