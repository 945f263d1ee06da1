/**
 * Momentum of accelerated iterations, `max(1e-4 s, u + factor (u - u_previous))`, decided on the device.
 *
 * Scaled heavy ball (Wang & Miller, IEEE Trans. Image Process. 23 (2014) 848-854): `(k - 1) / (k + 2)` in iteration k, the
 * sequence that deconwolf uses. Biggs & Andrews (Appl. Opt. 36 (1997) 1766-1775): `sum(g_k g_k-1) / sum(g_k-1 g_k-1)` for the
 * changes g that the last two updates made, clipped to 0 to 1.
 */
import { totalShader } from "./partial_sums.ts";
import { assembleShader, type Binding, type Shader } from "../wgsl/shader.ts";

/** The state of the extrapolation; all zero before the first iteration. */
export const MOMENTUM: Binding = { name: "momentum", type: "Momentum", access: "read" };

const WRITTEN: Binding = { ...MOMENTUM, access: "read_write" };

/** Counts an iteration and sets the factor for extrapolating its result; a single invocation. */
export function heavyBallShader(): Shader {
  return assembleShader({
    label: "heavy ball step",
    header: "factor of the next extrapolation",
    bindings: [WRITTEN],
    workgroupSize: [1, 1],
    body: "momentum.iterations += 1.0;\nmomentum.factor = momentum.iterations / (momentum.iterations + 3.0);",
  });
}

/** Sets the factor from the sums that the correction of update_stages.ts left; a single workgroup. */
export function biggsShader(): Shader {
  return totalShader({
    label: "biggs step",
    binding: WRITTEN,
    statement: "momentum.factor = select(0.0, clamp(totals.x / totals.y, 0.0, 1.0), totals.y > 0.0);",
  });
}
