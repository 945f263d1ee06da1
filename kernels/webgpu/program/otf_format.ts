/**
 * The form in which the OTF is kept from iteration to iteration: real or complex numbers, float32 or float16.
 *
 * Column 0, where two planes share complex numbers (see packed_column_kernel.ts), is kept apart as complex float32 numbers, one
 * per row of the box; the place of that column in the OTF itself is not used.
 */
import { assembleShader, type Binding, type Shader } from "../wgsl/shader.ts";
import { LINEAR_WORKGROUP, linearIndex } from "./cut.ts";

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

/** The binding of column 0 of the OTF. */
export const OTF_COLUMN: Binding = { name: "otfcolumn", type: "array<vec2f>", access: "read" };

/**
 * The shader that converts one part of a transformed PSF, one invocation for each element of the OTF.
 *
 * @param maxGroups workgroups that a dimension may have
 */
export function keepOtf(format: OtfFormat, maxGroups: number): Shader {
  const { real, precision } = format;
  const count = "arrayLength(&spectrum)";
  const second = `select(vec2f(0.0), spectrum[2u * i + 1u], 2u * i + 1u < ${count})`;
  const value = precision === "float32"
    ? `spectrum[i]${real ? ".x" : ""}`
    : `pack2x16float(${HALF_SCALE}.0 * ${real ? `vec2f(spectrum[2u * i].x, ${second}.x)` : "spectrum[i]"})`;
  const label = `keep OTF ${real ? "real" : "complex"} ${precision}`;
  return assembleShader({
    label,
    header: label,
    bindings: [
      { name: "spectrum", type: "array<vec2f>", access: "read" },
      { name: "otf", type: otfType(format), access: "write" },
    ],
    workgroupSize: LINEAR_WORKGROUP,
    body: `${linearIndex(maxGroups)}
if (${pairsUp(format) ? "2u * i" : "i"} < ${count}) { otf[i] = ${value}; }`,
  });
}

/** Elements of the OTF that so many coefficients make. */
export function otfElements(format: OtfFormat, coefficients: number): number {
  return pairsUp(format) ? Math.ceil(coefficients / 2) : coefficients;
}

/** True if an element holds two coefficients. */
function pairsUp({ real, precision }: OtfFormat): boolean {
  return real && precision === "float16";
}
