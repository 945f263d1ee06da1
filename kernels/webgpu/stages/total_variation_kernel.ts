/**
 * Total variation (Dey et al., Microsc. Res. Tech. 69 (2006) 260-266): `v = max(1 - weight div(p), 0.5)` of every voxel, where
 * `p = grad(y) / sqrt(|grad(y)|^2 + smoothing)` with forward differences, and the divergence takes backward ones; both wrap
 * around the box.
 */
import type { BoxLayout } from "../program/layout.ts";
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
export function variationShader({ box: [, ny, nx], planesPerPart }: BoxLayout): Shader {
  const functions = `
// z may lie one plane outside of the part.
fn value(z: i32, y: u32, x: u32) -> f32 {
  let in_plane = y * ${nx}u + x;
  if (z < 0) { return point_before[${(planesPerPart - 1) * ny * nx}u + in_plane]; }
  if (z >= ${planesPerPart}) { return point_after[in_plane]; }
  return point[u32(z) * ${ny * nx}u + in_plane];
}
fn after(i: u32, side: u32) -> u32 { return select(i + 1u, 0u, i + 1u == side); }
fn before(i: u32, side: u32) -> u32 { return select(i - 1u, side - 1u, i == 0u); }
// grad / sqrt(|grad|^2 + smoothing), components z, y, x
fn direction(z: i32, y: u32, x: u32) -> vec3f {
  let here = value(z, y, x);
  let gradient = vec3f(value(z + 1, y, x), value(z, after(y, ${ny}u), x), value(z, y, after(x, ${nx}u))) - here;
  return gradient * inverseSqrt(dot(gradient, gradient) + parameters.variation_smoothing);
}`;
  const body = `
let index = workgroup_id.x * ${VARIATION_LANES}u + local_id.x;
if (index >= ${ny * nx}u) { return; }
let z = i32(workgroup_id.y);
let y = index / ${nx}u;
let x = index % ${nx}u;
let here = direction(z, y, x);
let divergence = here.x - direction(z - 1, y, x).x
  + here.y - direction(z, before(y, ${ny}u), x).y
  + here.z - direction(z, y, before(x, ${nx}u)).z;
variation[workgroup_id.y * ${ny * nx}u + index] = max(1.0 - parameters.variation_weight * divergence, 0.5);`;
  return assembleShader({
    label: "variation",
    header: "what total variation divides the update by",
    bindings: [
      volume("point_before", "read"),
      volume("point", "read"),
      volume("point_after", "read"),
      volume("variation", "write"),
      PARAMETERS.binding,
    ],
    declarations: [PARAMETERS.declaration, functions],
    sharedBytes: 0,
    workgroupSize: [VARIATION_LANES, 1],
    body,
  });
}
