/**
 * The sums that tell how well estimates explain the data.
 */
import { totalShader } from "./partial_sums.ts";
import type { Binding, Shader } from "../wgsl/shader.ts";

/** The most measurements between two readings of {@link MEASUREMENTS}; structs.wgsl has as many. */
export const MAX_MEASUREMENTS = 256;

/** The measurements since they were last read. */
export const MEASUREMENTS: Binding = { name: "measurements", type: "Measurements", access: "read_write" };

/** Bytes of their buffer: the totals begin where a pair of floats is aligned. */
export const MEASUREMENTS_BYTES = 8 + 8 * MAX_MEASUREMENTS;

/** Appends the totals of a measuring ratio. */
export function measurementShader(): Shader {
  return totalShader({
    label: "measurement",
    binding: MEASUREMENTS,
    statement: "measurements.totals[measurements.count] = totals;\nmeasurements.count += 1u;",
  });
}
