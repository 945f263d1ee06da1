/**
 * The one interface that every compute backend implements: arrays in, arrays out. A deconvolver is made once for a box
 * shape, a PSF and an algorithm, then run on any number of boxes.
 *
 * ## One step, exactly
 * H is the circular convolution with the PSF, Ht its adjoint, b {@link DeconvolverOptions.background}, d the data with
 * negative values (and those outside the observed box) set to 0, s {@link DeconvolverOptions.scale}, eps = 1e-6 s. A step
 * takes the estimate y that it starts from (extrapolated, where the iterations are accelerated) to
 * ```
 * u = y * floor(Bt r) * w / v                floor(c) = max(c, 0), or max(c, 0.1) with backProjector "wiener-butterworth"
 *
 * m = max(Hy + b, eps)                       the model; where d >= saturation: m = min(max(Hy + b, eps), d)
 * r = g * (1 + c * (d / m - 1))              g = 1 on observed voxels, else 0
 * c = 1, or U^9 (10 - 9 U) with damping      U = min(1, 2 / T^2 * t(d, m)), T = dampingSigmas
 * t(d, m) = d ln(d / m) - d + m              one voxel's I-divergence; t(0, m) = m
 * Bt = Ht, or the Wiener-Butterworth projector, see wiener_butterworth.ts
 * w = 1, or with nonCirculant: 1 / Bt g where Bt g > 0.01, else 0
 * v = 1, or with total variation: max(1 - lambda div(p), 0.5)
 * p = grad(y) / sqrt(|grad(y)|^2 + (1e-3 s)^2)
 * grad(y)_a [i] = y[i + e_a] - y[i]          forward differences along a = z, y, x in voxels, wrapping around the box
 * div(p) [i] = sum over a of p_a[i] - p_a[i - e_a]   backward differences, wrapping around: minus the adjoint of grad
 * ```
 * The first iteration starts from the first estimate, y = u. Accelerated ones go on from
 * `y = max(u + momentum (u - u_previous), 1e-4 s)`: steps multiply, so a voxel that were extrapolated to 0, or near it, could
 * not come back (with 0 in place of 1e-4 s, fifty iterations on bars leave eight times the I-divergence). The momentum of
 * iteration k = 2, 3, ... is `(k - 1) / (k + 2)` for shb; for biggs it is `sum(g_k-1 g_k-2) / sum(g_k-2 g_k-2)`, clipped to 0
 * to 1, of the changes `g = u - y` of the two iterations before, 0 where there are none.
 *
 * In float32, `t` loses everything to cancellation where d is close to m. With q = d / m - 1, use for |q| < 0.1 the series
 * `t = m q^2 (1/2 - q/6 + q^2/12 - q^3/20 + q^4/30)`, whose error is below 5e-7 of t.
 */
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
   * the object without it (Snyder, Hammoud & White 1993). Finite and >= 0.
   * @default {0}
   */
  readonly background?: number;
  /**
   * Weight λ of total variation (Dey et al. 2006, Microsc. Res. Tech. 69:260-266): each update is divided by
   * `1 - λ div(∇u/|∇u|)`. Dimensionless; useful from 0.0005 to 0.02, at most 0.1.
   * @default {0}
   */
  readonly totalVariation?: number;
  /**
   * What carries the ratio back: the exact adjoint, or (preview) the Wiener-Butterworth back-projector of Guo et al. 2020,
   * which needs fewer iterations but neither conserves flux nor maximises the likelihood. Its negative lobes would blow up
   * without bound at the edge of an observed box, so runs with {@link nonCirculant} have to observe the whole box.
   * @default {"matched"}
   */
  readonly backProjector?: "matched" | "wiener-butterworth";
  /**
   * Noise-gated damping (White 1994, ASP Conf. Ser. 61:292-295, with N = 10): differences between data and model of less
   * than this many standard deviations of the photon noise are not fitted further. 0 turns it off; 2 or 3 is usual. Data are
   * taken as photon counts.
   * @default {0}
   */
  readonly dampingSigmas?: number;
  /**
   * Data at or above this value are saturated, known only to be at least that bright: their ratio is never below 1 (Whyte,
   * Sivic & Zisserman 2014). Positive.
   * @default {Infinity}
   */
  readonly saturation?: number;
  /**
   * Intensity of the whole image, which decides what counts as small: eps is 1e-6 of it, the smoothing of total variation
   * 1e-3. Give the same to every tile, so that tiles agree. Positive.
   * @default {the maximum of d of each run}
   */
  readonly scale?: number;
  /**
   * What runs are given. uint16 data stay as they are, exact, at half the memory and traffic of float32 on a GPU; the
   * estimate is the same, byte for byte. Runs of a deconvolver for uint16 take nothing else, those for float32 take both.
   * @default {"float32"}
   */
  readonly dataType?: "float32" | "uint16";
  /**
   * In which precision a GPU keeps the OTF between iterations: float16 halves its memory and traffic. Every coefficient is then
   * off by up to 2^-11 of itself, alike in both projections, so that the estimate is that of a slightly different PSF of the
   * same sum: 2e-4 to 4e-4 of the peak after 50 iterations on points and noise. The CPU backend keeps float32 either way. (The
   * imaginary part is left out wherever the PSF is centro-symmetric, which changes nothing.)
   * @default {"float32"}
   */
  readonly otfPrecision?: "float32" | "float16";
}

/**
 * How well the estimate before iteration `iteration + 1` explains the data: sums over the observed voxels of the measured
 * box. Accelerated iterations measure the extrapolated estimate, whose model is at hand.
 */
export interface Divergence {
  /** Updates applied to the estimate that was measured; 0 is the start. */
  readonly iteration: number;
  /** I-divergence (Csiszár 1991) `sum t(d, m)` of the data from the model, both as in the step above. */
  readonly fit: number;
  /**
   * `sum (h - ratio * m)^2` of the held-out photons h from the scaled model, where {@link RunOptions.heldOut} was given. Squares
   * and not the I-divergence, whose minimum dim voxels decide: it comes a third too early for sparse bright structure.
   */
  readonly heldOut?: number;
}

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
   * Times each pass of the first iteration by the clock of the device, where it has one: the passes are submitted one by one then,
   * which changes no bit of the estimate.
   * @default {false}
   */
  readonly timePasses?: boolean;
  /** Stops between batches of iterations and rejects with kind `cancelled`. */
  readonly signal?: AbortSignal;
}

/** All passes of one iteration that go by the same name. */
export interface PassShare {
  readonly label: string;
  /** Of the time of the iteration, 0 to 1. */
  readonly share: number;
}

/** What one run returns. */
export interface RunResult {
  /** The estimate, the shape of the box, >= 0, in the units of the data. The caller owns it. */
  readonly estimate: Float32Array;
  /** Seconds spent computing, transfers to and from the device included. */
  readonly kernelSeconds: number;
  /** What {@link RunOptions.measureEvery} asked for, in order of iterations; empty otherwise. */
  readonly divergence?: readonly Divergence[];
  /** What the run consisted of, one part after the other. */
  readonly phases?: readonly Phase[];
  /** What {@link RunOptions.timePasses} asked for, in the order of the iteration. */
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
