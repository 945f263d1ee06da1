/**
 * What happens to real voxels between the inverse and the forward transform along x: the arithmetic of Richardson-Lucy.
 *
 * A stage works on pairs of voxels, one of each of two neighbouring rows, as `vec2f`.
 */
import { MOMENTUM } from "./momentum.ts";
import type { Binding } from "./shader.ts";
import type { Wgsl } from "./wgsl.ts";

/** The voxels of one register of a row kernel. */
export interface VoxelPair {
  readonly w: Wgsl;
  /** Name of the two voxels of a volume. */
  load(volume: string): string;
  /** Stores two voxels into a volume, unless another lane owns them. */
  store(volume: string, value: string): void;
  /** Adds both voxels of two terms to the two sums of the workgroup, unless another lane owns them. */
  add(first: string, second: string): void;
}

/** One way to use a row kernel. */
export interface RowStage {
  readonly label: string;
  /** Volumes and small buffers besides the spectrum. */
  readonly bindings: readonly Binding[];
  /** True if `blurred` comes from the inverse transform of the spectrum, scaled; otherwise it is not given. */
  readonly inverse: boolean;
  /** True if the result is transformed forward into the spectrum. */
  readonly forward: boolean;
  /** True if the stage calls {@link VoxelPair.add}. */
  readonly sums: boolean;
  /** Emits the arithmetic and returns the name of what to transform forward. */
  readonly point: (pair: VoxelPair, blurred: string) => string;
}

/** Numbers that change from run to run. */
export const PARAMETERS = {
  declaration: "struct Parameters { epsilon: f32, inverse_scale: f32 }",
  binding: { name: "parameters", type: "Parameters", access: "uniform" },
  bytes: 16,
} as const satisfies { declaration: string; binding: Binding; bytes: number };

/** Contents of the parameters for an image of intensity `scale`. */
export function parameterValues(scale: number): Float32Array<ArrayBuffer> {
  return new Float32Array([1e-6 * scale, 1 / scale, 0, 0]);
}

/** Transforms `source` forward. */
export const FORWARD: RowStage = {
  label: "x forward",
  bindings: [volume("source", "read")],
  inverse: false,
  forward: true,
  sums: false,
  point: (pair) => pair.load("source"),
};

/** `data / max(blurred, epsilon)`. */
export const RATIO: RowStage = {
  label: "x ratio",
  bindings: [volume("data", "read"), PARAMETERS.binding],
  inverse: true,
  forward: true,
  sums: false,
  point: (pair, blurred) => pair.w.let(`${pair.load("data")} / max(${blurred}, vec2f(parameters.epsilon))`),
};

/** `1 / Ht1` where more than a hundredth of the PSF meets observed voxels, else 0. */
export const WEIGHTS: RowStage = {
  label: "x weights",
  bindings: [volume("weights", "write")],
  inverse: true,
  forward: false,
  sums: false,
  point(pair, ht1) {
    pair.store("weights", pair.w.let(`select(vec2f(0.0), 1.0 / ${ht1}, ${ht1} > vec2f(0.01))`));
    return ht1;
  },
};

/** The plain update: `estimate * max(correction, 0)`, times the weights if there are any. */
export function updateStage(weighted: boolean): RowStage {
  return {
    label: named("x update", weighted),
    bindings: [volume("estimate", "read_write"), ...weights(weighted)],
    inverse: true,
    forward: true,
    sums: false,
    point(pair, correction) {
      const updated = corrected(pair, "estimate", correction, weighted);
      pair.store("estimate", updated);
      return updated;
    },
  };
}

/** The update of the scaled heavy ball: corrects `point`, keeps the result in `estimate` and extrapolates from there. */
export function heavyBallStage(weighted: boolean): RowStage {
  return {
    label: named("x heavy ball update", weighted),
    bindings: [volume("estimate", "read_write"), volume("point", "read_write"), MOMENTUM.binding, ...weights(weighted)],
    inverse: true,
    forward: true,
    sums: false,
    point(pair, correction) {
      const updated = corrected(pair, "point", correction, weighted);
      const next = extrapolated(pair, updated, pair.load("estimate"));
      pair.store("estimate", updated);
      pair.store("point", next);
      return next;
    },
  };
}

/**
 * The first half of the update of Biggs & Andrews: corrects `point` in place, keeps the `change` and sums its products with
 * the change before. Values are scaled to the intensity of the image so that their squares stay within float32.
 */
export function biggsCorrectStage(weighted: boolean): RowStage {
  return {
    label: named("x biggs correction", weighted),
    bindings: [volume("point", "read_write"), volume("change", "read_write"), PARAMETERS.binding, ...weights(weighted)],
    inverse: true,
    forward: false,
    sums: true,
    point(pair, correction) {
      const { w } = pair;
      const point = pair.load("point");
      const updated = w.let(`${point} * ${factor(pair, correction, weighted)}`);
      const change = w.let(`(${updated} - ${point}) * parameters.inverse_scale`);
      const before = pair.load("change");
      pair.add(w.let(`${change} * ${before}`), w.let(`${before} * ${before}`));
      pair.store("change", change);
      pair.store("point", updated);
      return updated;
    },
  };
}

/** The second half: moves the corrected `point` to `estimate` and extrapolates from there. */
export const BIGGS_PREDICT: RowStage = {
  label: "x biggs prediction",
  bindings: [volume("estimate", "read_write"), volume("point", "read_write"), MOMENTUM.binding],
  inverse: false,
  forward: true,
  sums: false,
  point(pair) {
    const updated = pair.load("point");
    const next = extrapolated(pair, updated, pair.load("estimate"));
    pair.store("estimate", updated);
    pair.store("point", next);
    return next;
  },
};

function volume(name: string, access: "read" | "write" | "read_write"): Binding {
  return { name, type: "array<f32>", access };
}

function weights(weighted: boolean): Binding[] {
  return weighted ? [volume("weights", "read")] : [];
}

function named(label: string, weighted: boolean): string {
  return weighted ? `${label} weighted` : label;
}

function corrected(pair: VoxelPair, estimate: string, correction: string, weighted: boolean): string {
  return pair.w.let(`${pair.load(estimate)} * ${factor(pair, correction, weighted)}`);
}

function factor(pair: VoxelPair, correction: string, weighted: boolean): string {
  const positive = `max(${correction}, vec2f(0.0))`;
  return weighted ? `(${positive} * ${pair.load("weights")})` : positive;
}

function extrapolated(pair: VoxelPair, updated: string, previous: string): string {
  return pair.w.let(`max(${updated} + momentum.factor * (${updated} - ${previous}), vec2f(0.0))`);
}
