/**
 * The one interface that every compute backend implements: arrays in, arrays out. A deconvolver is made once for a box
 * shape, a PSF and an algorithm, then run on any number of boxes.
 */
import type { Vec3 } from "shared/geometry.ts";

/** A dense volume, x contiguous, then y, then z. */
export interface Volume {
  readonly shape: Vec3;
  /** `shape[0] * shape[1] * shape[2]` values. */
  readonly values: Float32Array;
}

/** How successive estimates are extrapolated. See docs/algorithms.md for when to use which. */
export type Acceleration = "none" | "shb" | "biggs";

/** What a deconvolver is made for. */
export interface DeconvolverOptions {
  /** Box that every run receives; each side must be a fast size (`isFastBox`). z = 1 means 2-D. */
  readonly box: Vec3;
  /** Point spread function, any parity, no side longer than the box. Values >= 0; it is normalised to sum 1 here. */
  readonly psf: Volume;
  /** @default {"none"} */
  readonly acceleration?: Acceleration;
  /**
   * True divides each update by `Ht1`, the adjoint applied to the mask of observed voxels (Bertero & Boccacci 2005), so that
   * voxels outside {@link RunOptions.observed} are treated as unknown instead of as wrapped around.
   * @default {false}
   */
  readonly nonCirculant?: boolean;
  /**
   * Constant background b in units of the data, part of the model: the ratio is `d / max(Hu + b, eps)`, so the estimate holds
   * the object without it.
   * @default {0}
   */
  readonly background?: number;
  /**
   * Weight λ of total variation (Dey et al. 2006): each update is divided by `1 - λ div(∇u/|∇u|)`. Dimensionless; useful
   * from 0.0005 to 0.02.
   * @default {0}
   */
  readonly totalVariation?: number;
  /**
   * What carries the ratio back: the exact adjoint, or (preview) the Wiener-Butterworth back-projector of Guo et al. 2020,
   * which needs about ten times fewer iterations but neither conserves flux nor maximises the likelihood.
   * @default {"matched"}
   */
  readonly backProjector?: "matched" | "wiener-butterworth";
  /**
   * Noise-gated damping (White 1994): differences between data and model of less than this many standard deviations of the
   * photon noise are not fitted further. 0 turns it off; 2 or 3 is usual. Data are taken as photon counts.
   * @default {0}
   */
  readonly dampingSigmas?: number;
  /**
   * Data at or above this value are saturated, known only to be at least that bright: their ratio is never below 1.
   * @default {Infinity}
   */
  readonly saturation?: number;
}

/** How well the estimate before iteration `iteration + 1` explains the data; sums over the measured box. */
export interface Divergence {
  /** Updates applied to the estimate that was measured; 0 is the start. */
  readonly iteration: number;
  /** I-divergence (Csiszár 1991) `sum(d ln(d / m) - d + m)` of data d from the model `m = Hu + b`. */
  readonly fit: number;
  /** The same of the held-out photons from the model, where {@link RunOptions.heldOut} was given. */
  readonly heldOut?: number;
}

/** One run over one box. */
export interface RunOptions {
  /** Whole number >= 1. */
  readonly iterations: number;
  /**
   * First estimate: `"data"` starts from the (non-negative) image as the 2020 Dask pipeline does; `"flat"` from a constant,
   * the mean of the non-negative image over {@link observed}. Voxels outside `observed` start from that mean either way.
   * @default {"data"}
   */
  readonly start?: "data" | "flat";
  /**
   * With `nonCirculant`: the box of observed voxels, start and shape relative to the box that is run. Whatever the data
   * hold outside it counts as 0 and as unknown; there the estimate is 0 wherever `Ht1 <= 0.01`.
   * @default {the whole box}
   */
  readonly observed?: { readonly start: Vec3; readonly shape: Vec3 };
  /**
   * Measures the {@link Divergence} at every so many iterations (a by-product of the ratio); 0 measures nothing.
   * @default {0}
   */
  readonly measureEvery?: number;
  /**
   * The part of the box that is summed, start and shape relative to the box: the core of a tile, so that sums over tiles
   * count each voxel once.
   * @default {the whole box}
   */
  readonly measured?: { readonly start: Vec3; readonly shape: Vec3 };
  /**
   * Photons that were held out of the data, the shape of the box, and the expected ratio of held-out to kept photons, with
   * which the model is scaled before it is compared with them.
   */
  readonly heldOut?: { readonly values: Float32Array; readonly ratio: number };
  /** Stops between batches of iterations and rejects with kind `cancelled`. */
  readonly signal?: AbortSignal;
}

/** What one run returns. */
export interface RunResult {
  /** The estimate, the shape of the box, >= 0, in the units of the data. The caller owns it. */
  readonly estimate: Float32Array;
  /** Seconds spent computing, transfers to and from the device included. */
  readonly kernelSeconds: number;
  /** What {@link RunOptions.measureEvery} asked for, in order of iterations; empty otherwise. */
  readonly divergence?: readonly Divergence[];
}

/** Richardson-Lucy deconvolution of boxes of one shape with one PSF. One run at a time; further calls wait their turn. */
export interface Deconvolver {
  readonly backend: "webgpu" | "cpu";
  /** Human-readable device: adapter description, or CPU threads. */
  readonly adapter: string;
  /** Device bytes (webgpu) or bytes of compute buffers (cpu) that are held until `close`. */
  readonly allocatedBytes: number;
  /**
   * Runs the iterations on one box.
   *
   * `data` has `voxelCount(box)` values, x contiguous; negative values count as 0 and the division in the ratio is
   * `d / max(Hu, eps)` with `eps = 1e-6 * max(d)`, below what float32 transforms of that box resolve. Data without a positive
   * value give an estimate of zeros. The array is only read, and not kept after the promise settles; one over a
   * SharedArrayBuffer is not even copied.
   *
   * @throws {ClearstackError} `corrupt-data` for NaN or infinite values, `cancelled`, `device-lost`, `device-memory`
   */
  run(data: Float32Array, options: RunOptions): Promise<RunResult>;
  /** Frees all memory and Workers; safe to call twice. */
  close(): Promise<void>;
}
