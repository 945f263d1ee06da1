/**
 * The two convolutions of an iteration. They share shaders and differ in what they bind.
 */
import type { Binding } from "../wgsl/shader.ts";

/** `forward` multiplies by the OTF, `back` by its complex conjugate, the exact adjoint. */
export type Projection = "forward" | "back";

/** The binding that tells a shader the sign of the OTF's imaginary part. */
export const PROJECTION: Binding = { name: "projection", type: "Projection", access: "uniform" };

/** WGSL expression of the value an OTF value named `otf` has in this projection. */
export function projected(otf: string): string {
  return `vec2f(${otf}.x, ${otf}.y * projection.conjugation)`;
}

/** Contents of the uniform buffer of a projection. */
export function projectionValues(projection: Projection): Float32Array<ArrayBuffer> {
  return new Float32Array([projection === "forward" ? 1 : -1]);
}

/** Name of that buffer. */
export function projectionBuffer(projection: Projection): string {
  return `${projection} projection`;
}
