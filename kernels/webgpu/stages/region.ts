/**
 * Parts of the box that kernels tell from the rest, by the position of each voxel.
 */
import type { Box } from "shared/volume/geometry.ts";
import { SLAB, type SmallStruct } from "./parameters.ts";
import type { VoxelPair } from "./row_stages.ts";

/** First voxel and the one after the last along each axis, the beginning of every struct that holds a region. */
const REGION_FIELDS = "z: vec2u, y: vec2u, x: vec2u";

/** The part of the box whose voxels are summed. */
export const MEASURED = {
  declaration: `struct Measured { ${REGION_FIELDS} }`,
  binding: { name: "measured", type: "Measured", access: "uniform" },
} as const satisfies SmallStruct;

/** The part of the box whose voxels are known. */
export const OBSERVED = {
  declaration: `struct Observed { ${REGION_FIELDS} }`,
  binding: { name: "observed", type: "Observed", access: "uniform" },
} as const satisfies SmallStruct;

/** The part of the box that starts from the data, and the value from which the rest starts. */
export const START = {
  declaration: `struct Start { ${REGION_FIELDS}, elsewhere: f32 }`,
  binding: { name: "start", type: "Start", access: "uniform" },
} as const satisfies SmallStruct;

/** Contents of a struct that holds a region, and of {@link START} if `elsewhere` is given. */
export function regionValues({ start, shape }: Box, elsewhere = 0): Uint32Array<ArrayBuffer> {
  const words = Uint32Array.from([...start.flatMap((first, axis) => [first, first + shape[axis]]), 0, 0]);
  new Float32Array(words.buffer)[6] = elsewhere;
  return words;
}

/** WGSL expression, a `vec2<bool>`: which of the two voxels lie in the region; the shader binds its struct and {@link SLAB}. */
export function insideRegion({ x, y, plane }: VoxelPair, { binding: { name } }: SmallStruct): string {
  // In parentheses, because a list of `a < b, c > d` reads as a template.
  const inside = (position: string, axis: string) =>
    `((${position}) >= ${name}.${axis}.x && (${position}) < ${name}.${axis}.y)`;
  const both = `${inside(`${SLAB.binding.name}.first_plane + ${plane}`, "z")} && ${inside(x, "x")}`;
  return `(vec2<bool>(${inside(y[0], "y")}, ${inside(y[1], "y")}) & vec2<bool>(${both}))`;
}
