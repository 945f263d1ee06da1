/**
 * Small structs that shaders bind: numbers that change from run to run or from slab to slab.
 */
import type { StepOptions } from "kernels/deconvolver.ts";
import type { Binding } from "../wgsl/shader.ts";

/** A struct, the binding that carries it, and nothing else; every one takes {@link SMALL_BYTES}. */
export interface SmallStruct {
  readonly declaration: string;
  readonly binding: Binding;
}

/** Bytes of every small buffer. */
export const SMALL_BYTES = 32;

/** Numbers of the model, see docs/algorithms.md. */
export const PARAMETERS = {
  declaration: `struct Parameters {
  epsilon: f32, inverse_scale: f32, background: f32, saturation: f32,
  damping: f32, variation_weight: f32, variation_smoothing: f32, held_out_ratio: f32
}`,
  binding: { name: "parameters", type: "Parameters", access: "uniform" },
} as const satisfies SmallStruct;

/** Contents of {@link PARAMETERS} for an image of an intensity, `scale` > 0. */
export function parameterValues(scale: number, options: StepOptions, heldOutRatio = 0): Float32Array<ArrayBuffer> {
  const { background = 0, saturation = Infinity, dampingSigmas = 0 } = options;
  const { totalVariation = 0, totalVariationSmoothing = 1e-3 } = options;
  const damping = dampingSigmas > 0 ? 2 / dampingSigmas ** 2 : 0;
  return new Float32Array([
    1e-6 * scale,
    1 / scale,
    background,
    // Shaders need not know infinity.
    Math.min(saturation, MAX_FLOAT),
    damping,
    totalVariation,
    Math.max((totalVariationSmoothing * scale) ** 2, MIN_FLOAT),
    heldOutRatio,
  ]);
}

const MAX_FLOAT = 3.4028234e38;
/** The smallest positive normal float32. */
const MIN_FLOAT = 2 ** -126;

/** The plane of the box in which a slab begins. */
export const SLAB = {
  declaration: "struct Slab { first_plane: u32 }",
  binding: { name: "slab", type: "Slab", access: "uniform" },
} as const satisfies SmallStruct;

/** Name of the buffer with the {@link SLAB} of a slab that begins in this plane of the box. */
export function slabBuffer(firstPlane: number): string {
  return `slab[${firstPlane}]`;
}

/** Contents of that buffer. */
export function slabValues(firstPlane: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(firstPlane);
}
