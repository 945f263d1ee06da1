/**
 * The kernels alone, as `import ... from "@clearstack/clearstack/kernels"`: arrays in, arrays out. They need nothing of Deno, so
 * they run in browsers too; there, the CPU backend has one thread, the calling one, unless the page is cross-origin isolated.
 *
 * @module
 */
export { createDeconvolver } from "kernels/backend.ts";
export { fastBox } from "shared/plan/fast_size.ts";

export type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, Volume, VoxelData } from "kernels/deconvolver.ts";
