/**
 * The one interface that every compute backend implements: arrays in, arrays out. A deconvolver is made once for a box
 * shape, a PSF and an algorithm, then run on any number of boxes. docs/algorithms.md writes down one step exactly; both
 * backends follow it.
 */
import type { KernelSettings } from "shared/contract/decisions.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Phase } from "./phase_clock.ts";

/** A dense volume, x contiguous, then y, then z. */
export interface Volume {
  readonly shape: Vec3;
  /** `shape[0] * shape[1] * shape[2]` values. */
  readonly values: Float32Array;
}

/** Voxels as a run takes them. */
export type VoxelData = Float32Array | Uint16Array;

/** Box, PSF, and the settings of the algorithm that both backends compute with. */
export interface DeconvolverOptions extends KernelSettings {
  /** Box that every run receives; each side must be a fast size (`isFastBox`). z = 1 means 2-D. */
  readonly box: Vec3;
  /** Point spread function, any parity, no side longer than the box. Values >= 0; it is normalised to sum 1 here. */
  readonly psf: Volume;
  /**
   * True divides each update by `Ht1`, the adjoint applied to the mask of observed voxels (Bertero & Boccacci 2005), so that
   * voxels outside {@link RunOptions.observed} are treated as unknown instead of as wrapped around.
   * @default {false}
   */
  readonly nonCirculant?: boolean;
  /**
   * What runs are given. uint16 data stay as they are, exact, at half the memory and traffic of float32 on a GPU; the
   * estimate is the same, byte for byte. Runs of a deconvolver for uint16 take nothing else, those for float32 take both.
   * @default {"float32"}
   */
  readonly dataType?: "float32" | "uint16";
}

/** Extrapolation between successive estimates. */
export type Acceleration = NonNullable<KernelSettings["acceleration"]>;

/** Everything that a step depends on besides box and PSF. */
export type StepOptions = Omit<DeconvolverOptions, "box" | "psf">;

/**
 * Distance of the data from the estimate before iteration `iteration + 1`: sums over the observed voxels of the measured
 * box. Accelerated iterations measure the extrapolated estimate, whose model is at hand.
 */
export interface Divergence {
  /** Updates applied to the estimate that was measured; 0 is the start. */
  readonly iteration: number;
  /** I-divergence (Csiszár 1991) `sum t(d, m)` of the data from the model, both as in docs/algorithms.md. */
  readonly fit: number;
  /**
   * `sum (h - ratio * m)^2` of the held-out photons h from the scaled model, where {@link RunOptions.heldOut} was given. Squares
   * and not the I-divergence, whose minimum dim voxels decide: it comes a third too early for sparse bright structure.
   */
  readonly heldOut?: number;
}

/** Takes the number of iterations that a run has done so far; it never falls. */
export type OnIterations = (done: number) => void;

/** One run over one box. */
export interface RunOptions {
  /** Whole number >= 1. */
  readonly iterations: number;
  /**
   * First estimate: `"data"` starts from the (non-negative) image as the 2020 Dask pipeline does; `"flat"` from a constant,
   * the mean of the non-negative image over {@link observed}. Voxels outside `observed` start from that mean either way.
   * With a background b, a start of v becomes `max(v - b, v / 10)`: no voxel is caught at 0 for being darker than b.
   * @default {"data"}
   */
  readonly start?: "data" | "flat";
  /**
   * The mean that `start` speaks of, where it is known of a whole image: what lies unobserved beyond an edge keeps a memory of
   * its start, so tiles agree there only if they start alike.
   * @default {the mean over `observed` of each run}
   */
  readonly mean?: number;
  /**
   * With `nonCirculant`: the box of observed voxels, start and shape relative to the box that is run. Whatever the data
   * hold outside it counts as 0 and as unknown; there the estimate is 0 wherever `Ht1 <= 0.01`.
   * @default {the whole box}
   */
  readonly observed?: { readonly start: Vec3; readonly shape: Vec3 };
  /**
   * Measures the {@link Divergence} before the first iteration and after every so many (a by-product of the ratio, so the
   * estimate that is returned is not measured): at 0, n, 2n, ... below `iterations`. 0 measures nothing.
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
   * which the model is scaled before it is compared with them. The data given are the kept photons; background and
   * saturation are in units of those.
   */
  readonly heldOut?: { readonly values: Float32Array; readonly ratio: number };
  /**
   * The part of the box whose estimate is given back, start and shape relative to the box: the core of a tile. Nothing else leaves
   * the device.
   * @default {the whole box}
   */
  readonly returned?: { readonly start: Vec3; readonly shape: Vec3 };
  /**
   * Memory for the estimate, the shape of {@link returned}, whatever it holds. One over a SharedArrayBuffer is filled where it
   * lies.
   * @default {memory of its own}
   */
  readonly into?: Float32Array;
  /**
   * Times each pass of the first iteration by the clock of the device, where it has one: the passes are submitted one by one then,
   * which changes no bit of the estimate.
   * @default {false}
   */
  readonly timePasses?: boolean;
  /** Stops between batches of iterations and rejects with kind `cancelled`, also if all iterations are done but the run is not. */
  readonly signal?: AbortSignal;
  /** Told now and then how many iterations are done. */
  readonly onIterations?: OnIterations | undefined;
}

/** All passes of one iteration that go by the same name. */
export interface PassShare {
  readonly label: string;
  /** Of the time of the iteration, 0 to 1. */
  readonly share: number;
}

/** Result of one run. */
export interface RunResult {
  /** The estimate, the shape of {@link RunOptions.returned}, >= 0, in the units of the data; {@link RunOptions.into}, if given. The caller owns it. */
  readonly estimate: Float32Array;
  /** Seconds spent computing, transfers to and from the device included. */
  readonly kernelSeconds: number;
  /** Measurements of {@link RunOptions.measureEvery}, in order of iterations; empty otherwise. */
  readonly divergence?: readonly Divergence[];
  /** Parts of the run, one after the other. */
  readonly phases?: readonly Phase[];
  /** Shares of {@link RunOptions.timePasses}, in the order of the iteration. */
  readonly passes?: readonly PassShare[];
}

/** Richardson-Lucy deconvolution of boxes of one shape with one PSF. One run at a time; further calls wait their turn. */
export interface Deconvolver {
  readonly backend: "webgpu" | "cpu";
  /** Human-readable device: adapter description, or CPU threads. */
  readonly adapter: string;
  /** Device bytes (webgpu) or bytes of compute buffers (cpu) that are held until `close`; held-out photons add theirs. */
  readonly allocatedBytes: number;
  /**
   * Runs the iterations on one box.
   *
   * `data` has `voxelCount(box)` values, x contiguous; negative values count as 0 and the division in the ratio is
   * `d / max(Hu, eps)` with `eps = 1e-6 * scale`, below what float32 transforms of that box resolve. Data without a positive
   * value give an estimate of zeros. The array is only read, and not kept after the promise settles; one over a
   * SharedArrayBuffer is not even copied.
   *
   * @throws {ClearstackError} `corrupt-data` for NaN or infinite values, `invalid-request` for data or options that do not fit,
   * `cancelled`, `device-lost`, `device-memory`
   */
  run(data: VoxelData, options: RunOptions): Promise<RunResult>;
  /** Frees all memory and Workers; safe to call twice. */
  close(): Promise<void>;
}
