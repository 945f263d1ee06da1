/**
 * Messages between the calling thread and its Workers. Everything large lies in the shared memory.
 */
import type { Box } from "shared/volume/geometry.ts";
import type { Divergence, StepOptions, Volume } from "kernels/deconvolver.ts";
import type { MemoryLayout } from "../memory_layout.ts";

/** Everything that each Worker needs once. */
export interface ThreadSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly layout: MemoryLayout;
  /** 0 to `threads - 1`. */
  readonly thread: number;
  readonly threads: number;
  readonly settings: StepOptions;
}

/** One run on the data that are staged. */
export interface RunJob {
  readonly kind: "run";
  readonly iterations: number;
  readonly start: "data" | "flat";
  readonly observed: Box;
  /** Start of unobserved voxels; the mean of the observed data by default. */
  readonly mean: number | undefined;
  readonly measureEvery: number;
  readonly measured: Box;
  /** Expected ratio of held-out to kept photons, if there are any. */
  readonly heldOutRatio: number | undefined;
}

/** Work that all Workers do together, on the volume that is staged. */
export type Job =
  /** Turns a PSF, its centre at the origin, into the OTF; with `unmatched`, the PSF as given, into that of its projector. */
  | { readonly kind: "prepare"; readonly unmatched: Volume | undefined }
  /** Keeps held-out photons for the next run. */
  | { readonly kind: "holdOut" }
  /** Deconvolves, and stages the estimate. */
  | RunJob;

/** End of a job. The same in all Workers, except that only the first one knows the divergence. */
export interface Outcome {
  readonly status: "done" | "stopped" | "corrupt";
  readonly divergence: readonly Divergence[];
}

export type ToWorker = { readonly setup: ThreadSetup } | { readonly job: Job };
export type FromWorker = { readonly outcome: Outcome } | { readonly failure: string };
