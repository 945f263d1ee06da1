/**
 * The kernels alone, as `import ... from "@clearstack/clearstack/kernels"`: arrays in, arrays out. Nothing of Deno is needed; in
 * browsers, pages must be cross-origin isolated for the CPU backend.
 *
 * @module
 */
export { createDeconvolver } from "kernels/backend.ts";
export { fastBox } from "shared/plan/fast_size.ts";

export type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, Volume, VoxelData } from "kernels/deconvolver.ts";
