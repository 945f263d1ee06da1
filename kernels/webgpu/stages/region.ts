/**
 * Parts of the box that kernels tell from the rest, by the position of each voxel.
 */
import type { Box } from "shared/volume/geometry.ts";
import { SLAB } from "./parameters.ts";
import type { VoxelPair } from "./row_stages.ts";
import type { Binding } from "../wgsl/shader.ts";

/** The part of the box whose voxels are summed. */
export const MEASURED: Binding = { name: "measured", type: "Region", access: "uniform" };

/** The part of the box whose voxels are known. */
export const OBSERVED: Binding = { name: "observed", type: "Region", access: "uniform" };

/** The part of the box that starts from the data, and the value from which the rest starts. */
export const START: Binding = { name: "start", type: "Start", access: "uniform" };

/** Contents of a struct that holds a region, and of {@link START} if `elsewhere` is given. */
export function regionValues({ start, shape }: Box, elsewhere = 0): Uint32Array<ArrayBuffer> {
  const words = Uint32Array.from([...start.flatMap((first, axis) => [first, first + shape[axis]]), 0, 0]);
  new Float32Array(words.buffer)[6] = elsewhere;
  return words;
}

/** Contents of {@link START} where the estimate is given. */
export const GIVEN_START: Uint32Array<ArrayBuffer> = Uint32Array.of(0, 0, 0, 0, 0, 0, 0, 1);

/** WGSL expression, a `vec2<bool>`: which of the two voxels lie in the region; the shader binds its struct and {@link SLAB}. */
export function insideRegion({ x, y, plane }: VoxelPair, { name }: Binding): string {
  // In parentheses, because a list of `a < b, c > d` reads as a template.
  const inside = (position: string, axis: string) =>
    `((${position}) >= ${name}.${axis}.x && (${position}) < ${name}.${axis}.y)`;
  const both = `${inside(`${SLAB.name}.first_plane + ${plane}`, "z")} && ${inside(x, "x")}`;
  return `(vec2<bool>(${inside(y[0], "y")}, ${inside(y[1], "y")}) & vec2<bool>(${both}))`;
}
