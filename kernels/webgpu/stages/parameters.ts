/**
 * The small structs of structs.wgsl and what they are filled with.
 */
import type { StepOptions } from "kernels/deconvolver.ts";
import type { Binding } from "../wgsl/shader.ts";

/** Bytes of every small buffer. */
export const SMALL_BYTES = 32;

/** Numbers of the model. */
export const PARAMETERS: Binding = { name: "parameters", type: "Parameters", access: "uniform" };

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
export const SLAB: Binding = { name: "slab", type: "Slab", access: "uniform" };

/** Name of the buffer with the {@link SLAB} of a slab that begins in this plane of the box. */
export function slabBuffer(firstPlane: number): string {
  return `slab[${firstPlane}]`;
}

/** Contents of that buffer. */
export function slabValues(firstPlane: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(firstPlane);
}
