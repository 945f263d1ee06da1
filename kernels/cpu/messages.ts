/**
 * What the calling thread and its Workers say to each other. Everything large lies in the shared memory.
 */
import type { Acceleration } from "../deconvolver.ts";
import type { Observed } from "./image_exchange.ts";
import type { MemoryLayout } from "./memory_layout.ts";

/** What each Worker needs once. */
export interface ThreadSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly layout: MemoryLayout;
  /** 0 to `threads - 1`. */
  readonly thread: number;
  readonly threads: number;
  readonly acceleration: Acceleration;
}

/** Work that all Workers do together, on the volume that is staged. */
export type Job =
  /** Turns a PSF, its centre at the origin, into the OTF. */
  | { readonly kind: "prepare" }
  /** Deconvolves, and stages the estimate. */
  | { readonly kind: "run"; readonly iterations: number; readonly start: "data" | "flat"; readonly observed: Observed };

/** How a job ended; the same in all Workers. */
export type Outcome = "done" | "stopped" | "corrupt";

export type ToWorker = { readonly setup: ThreadSetup } | { readonly job: Job };
export type FromWorker = { readonly outcome: Outcome } | { readonly failure: string };
