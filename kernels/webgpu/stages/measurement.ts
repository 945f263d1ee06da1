/**
 * How well estimates explain the data: where the sums go.
 */
import { totalShader } from "./partial_sums.ts";
import type { Binding, Shader } from "../wgsl/shader.ts";

/** Most measurements between two readings of {@link MEASUREMENTS}. */
export const MAX_MEASUREMENTS = 256;

/** The measurements since they were last read. */
export const MEASUREMENTS = {
  declaration: `struct Measurements { count: u32, totals: array<vec2f, ${MAX_MEASUREMENTS}> }`,
  binding: { name: "measurements", type: "Measurements", access: "read_write" } as Binding,
  /** The totals begin where a pair of floats is aligned. */
  bytes: 8 + 8 * MAX_MEASUREMENTS,
} as const;

/** Appends the totals of a measuring ratio. */
export function measurementShader(partialSums: number): Shader {
  return totalShader({
    label: "measurement",
    count: partialSums,
    binding: MEASUREMENTS.binding,
    declaration: MEASUREMENTS.declaration,
    statement: "measurements.totals[measurements.count] = totals;\nmeasurements.count += 1u;",
  });
}
