/**
 * How well estimates explain the data: which voxels count, and where the sums go.
 */
import type { Vec3 } from "shared/geometry.ts";
import type { SmallStruct } from "./parameters.ts";
import { totalShader } from "./partial_sums.ts";
import type { VoxelPair } from "./row_stages.ts";
import type { Binding, Shader } from "./shader.ts";

/** The part of the box whose voxels are summed. */
export const MEASURED = {
  declaration: "struct Measured { z: vec2u, y: vec2u, x: vec2u }",
  binding: { name: "measured", type: "Measured", access: "uniform" },
} as const satisfies SmallStruct;

/** Contents of {@link MEASURED}: first voxel and the one after the last, along z, y, x. */
export function measuredValues(start: Vec3, shape: Vec3): Uint32Array<ArrayBuffer> {
  return Uint32Array.from([...start.flatMap((first, axis) => [first, first + shape[axis]]), 0, 0]);
}

/** WGSL expression, a `vec2<bool>`: which of the two voxels are measured. */
export function measuredPair({ x, y, plane }: VoxelPair): string {
  // In parentheses, because a list of `a < b, c > d` reads as a template.
  const inside = (position: string, axis: string) =>
    `((${position}) >= measured.${axis}.x && (${position}) < measured.${axis}.y)`;
  const both = `${inside(`slab.first_plane + ${plane}`, "z")} && ${inside(x, "x")}`;
  return `(vec2<bool>(${inside(y[0], "y")}, ${inside(y[1], "y")}) & vec2<bool>(${both}))`;
}

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
