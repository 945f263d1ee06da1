/**
 * Cuts a part out of a volume into a dense one: column 0 of an OTF, or the voxels that a run is asked for.
 */
import type { Box } from "shared/volume/geometry.ts";
import type { BoxLayout } from "./layout.ts";
import { assembleShader, type Binding, type Shader } from "../wgsl/shader.ts";

/** Where the words of a part lie, and how they are counted; see structs.wgsl. */
const CUT: Binding = { name: "cut", type: "Cut", access: "uniform" };

/** A part of a volume in words of 4 bytes: where it begins, the words from row to row and from plane to plane, and its shape. */
export interface CutPlace {
  readonly origin: number;
  readonly row: number;
  readonly plane: number;
  readonly shape: readonly [depth: number, height: number, width: number];
  /** Word of the target where the first one goes. @default {0} */
  readonly target?: number;
}

/** Where the voxels of a part of the box lie in each of the buffers that it is cut into; undefined where none do. */
export function partPlaces({ box: [, ny, nx], parts, planesPerPart }: BoxLayout, part: Box): (CutPlace | undefined)[] {
  const [z, y, x] = part.start;
  const [depth, height, width] = part.shape;
  return Array.from({ length: parts }, (_, index) => {
    const first = Math.max(0, z - index * planesPerPart);
    const end = Math.min(planesPerPart, z + depth - index * planesPerPart);
    if (end <= first) return undefined;
    return { origin: (first * ny + y) * nx + x, row: nx, plane: ny * nx, shape: [end - first, height, width] };
  });
}

/** Contents of the buffer of {@link CUT}. */
export function cutValues({ origin, row, plane, shape, target = 0 }: CutPlace): Uint32Array<ArrayBuffer> {
  const [depth, height, width] = shape;
  return Uint32Array.of(origin, row, plane, width, height, depth * height * width, target, 0);
}

/** Invocations of a workgroup. */
const LANES = 256;

/** Workgroups for so many elements, where a dimension may have `maxGroups`. */
export function linearGrid(elements: number, maxGroups: number): readonly [x: number, y: number] {
  const groups = Math.ceil(elements / LANES);
  return [Math.min(groups, maxGroups), Math.ceil(groups / maxGroups)];
}

/** WGSL: the number `i` of an invocation of a {@link linearGrid}. */
export function linearIndex(maxGroups: number): string {
  return `let i = (workgroup_id.y * ${maxGroups}u + workgroup_id.x) * ${LANES}u + local_id.x;`;
}

/** Size of a workgroup of a {@link linearGrid}. */
export const LINEAR_WORKGROUP = [LANES, 1] as const;

/** The shader: one invocation for each word. */
export function cutShader(maxGroups: number): Shader {
  return assembleShader({
    label: "cut",
    header: "a part of a volume, made dense",
    bindings: [
      { name: "whole", type: "array<u32>", access: "read" },
      { name: "part", type: "array<u32>", access: "read_write" },
      CUT,
    ],
    workgroupSize: LINEAR_WORKGROUP,
    body: `${linearIndex(maxGroups)}
if (i >= cut.count) { return; }
let row = i / cut.width;
let z = row / cut.height;
let place = cut.origin + z * cut.plane + (row - z * cut.height) * cut.row + (i - row * cut.width);
part[cut.target_origin + i] = whole[place];`,
  });
}
