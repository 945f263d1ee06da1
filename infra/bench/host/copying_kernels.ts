/**
 * Kernels that only copy, behind the calls that a GPU is behind: everything around them is what a job does on one. Their own time
 * on the processor comes back as the seconds of the kernels.
 */
import type { Kernels } from "functions/deconvolve/pool/deconvolver_pool.ts";
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";

/** Boxes under way, as on a GPU: one is copied in while the other is copied out. */
export const BOXES_AT_ONCE = 2;

const spawnWorker = () =>
  new Worker(new URL("./copying_worker.ts", import.meta.url), { type: "module", name: "copies" });

export const COPYING_KERNELS: Kernels = {
  chooseBackend: () => Promise.resolve({ backend: "webgpu", adapter: "copies", boxesAtOnce: BOXES_AT_ONCE }),
  createDeconvolver: (_, options, lane) => createWebGpuDeconvolver({ ...options, lane, spawnWorker }),
};
