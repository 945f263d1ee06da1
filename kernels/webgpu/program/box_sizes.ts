/**
 * The sizes of a box that shaders read where it costs nothing, so that boxes which share the length of a line share its kernels:
 * compiling one takes a driver longer than many iterations.
 */
import { voxelCount } from "shared/volume/geometry.ts";
import type { Binding } from "../wgsl/shader.ts";
import type { BoxLayout } from "./layout.ts";

/** Sizes of the box; see structs.wgsl. */
export const SIZES: Binding = { name: "sizes", type: "Sizes", access: "uniform" };

/** Contents of the buffer of {@link SIZES}, for row kernels of which `rowGroups` workgroups share a plane. */
export function sizeValues({ box, halfWidth, planesPerPart }: BoxLayout, rowGroups: number): Uint32Array<ArrayBuffer> {
  const [, ny] = box;
  const words = Uint32Array.of(halfWidth, halfWidth * ny, ny, planesPerPart, rowGroups, 0, 0, 0);
  new Float32Array(words.buffer)[5] = 1 / voxelCount(box);
  return words;
}
