/**
 * The ways to use a column kernel, which share its shader and differ in what they bind.
 */
import type { Binding } from "../wgsl/shader.ts";

/**
 * `forward` and `back` are the convolutions of an iteration: by the OTF, and by its complex conjugate, the exact adjoint. Kernels
 * that only transform do so forwards and, by conjugates of what goes in and what comes out, backwards. `transform` has a
 * multiplication end before it multiplies.
 */
export type Projection = "forward" | "back" | "transform";

/** The binding that tells a shader which it is. */
export const PROJECTION: Binding = { name: "projection", type: "Projection", access: "uniform" };

/** WGSL expression of `value` with its imaginary part in the sign of this projection. */
export function projected(value: string): string {
  return `vec2f(${value}.x, ${value}.y * projection.conjugation)`;
}

/** Contents of the uniform buffer of a projection. */
export function projectionValues(projection: Projection): Uint32Array<ArrayBuffer> {
  const sign = new Float32Array([projection === "back" ? -1 : 1]);
  return Uint32Array.of(new Uint32Array(sign.buffer)[0], projection === "transform" ? 1 : 0);
}

/** Name of that buffer. */
export function projectionBuffer(projection: Projection): string {
  return `${projection} projection`;
}
