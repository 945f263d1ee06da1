/**
 * Total variation (Dey et al., Microsc. Res. Tech. 69 (2006) 260-266): `v = max(1 - weight div(p), 0.5)` of every voxel, where
 * `p = grad(y) / sqrt(|grad(y)|^2 + smoothing)` with forward differences, and the divergence takes backward ones; both wrap
 * around the box.
 */
import { SIZES } from "../program/box_sizes.ts";
import TOTAL_VARIATION from "../wgsl/total_variation.wgsl" with { type: "text" };
import { PARAMETERS } from "./parameters.ts";
import { volume } from "./row_stages.ts";
import { assembleShader, type Shader } from "../wgsl/shader.ts";

/** Invocations of a workgroup. */
export const VARIATION_LANES = 128;

/**
 * Reads `point` and writes `variation` over one part of the box. The parts before and after it are bound as `point_before`
 * and `point_after`; the first and the last part are neighbours, and a single part is its own.
 *
 * Workgroups: x counts {@link VARIATION_LANES} voxels of a plane, y the planes of the part.
 */
export function variationShader(): Shader {
  return assembleShader({
    label: "variation",
    header: "what total variation divides the update by",
    bindings: [
      volume("point_before", "read"),
      volume("point", "read"),
      volume("point_after", "read"),
      volume("variation", "write"),
      PARAMETERS,
      SIZES,
    ],
    declarations: [TOTAL_VARIATION],
    workgroupSize: [VARIATION_LANES, 1],
    body: `vary(workgroup_id.y, workgroup_id.x * ${VARIATION_LANES}u + local_id.x);`,
  });
}
