/**
 * Update of the estimate by the projected ratio: `y * floor(correction) * w / v` of docs/algorithms.md, and the
 * extrapolation that accelerated iterations start their next step from.
 */
import { MOMENTUM } from "./momentum.ts";
import { PARAMETERS, SLAB } from "./parameters.ts";
import { type RowStage, volume, type VoxelPair } from "./row_stages.ts";
import type { Binding } from "../wgsl/shader.ts";
import { float } from "../wgsl/wgsl.ts";

/** Variants of every update. */
export interface UpdateOptions {
  /** Multiplies by `weights`, for non-circulant edges. */
  readonly weighted: boolean;
  /** Divides by `variation`, for total variation. */
  readonly totalVariation: boolean;
  /** No voxel is multiplied by less. */
  readonly minCorrection: number;
}

/** The plain update of `estimate`. */
export function updateStage(options: UpdateOptions): RowStage {
  return {
    label: labelled("x update", options),
    volumes: [volume("estimate", "read_write"), ...factors(options)],
    point(pair, correction) {
      const updated = corrected(pair, pair.load("estimate"), correction, options);
      pair.store("estimate", updated);
      return updated;
    },
  };
}

/** The update of the scaled heavy ball: corrects `point`, keeps the result in `estimate` and extrapolates from there. */
export function heavyBallStage(options: UpdateOptions): RowStage {
  return {
    label: labelled("x heavy ball update", options),
    volumes: [volume("estimate", "read_write"), volume("point", "read_write"), ...factors(options)],
    structs: [MOMENTUM, PARAMETERS],
    point(pair, correction) {
      const updated = corrected(pair, pair.load("point"), correction, options);
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
export function biggsCorrectStage(options: UpdateOptions): RowStage {
  return {
    label: labelled("x biggs correction", options),
    volumes: [volume("point", "read_write"), volume("change", "read_write"), ...factors(options)],
    structs: [PARAMETERS, SLAB],
    forward: false,
    sums: true,
    point(pair, correction) {
      const { w } = pair;
      const point = pair.load("point");
      const updated = corrected(pair, point, correction, options);
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
  volumes: [volume("estimate", "read_write"), volume("point", "read_write")],
  structs: [MOMENTUM, PARAMETERS],
  inverse: false,
  point(pair) {
    const updated = pair.load("point");
    const next = extrapolated(pair, updated, pair.load("estimate"));
    pair.store("estimate", updated);
    pair.store("point", next);
    return next;
  },
};

function factors({ weighted, totalVariation }: UpdateOptions): Binding[] {
  return [...(weighted ? [volume("weights", "read")] : []), ...(totalVariation ? [volume("variation", "read")] : [])];
}

function labelled(label: string, { weighted, totalVariation, minCorrection }: UpdateOptions): string {
  const variants = [
    weighted ? "weighted" : "",
    totalVariation ? "total variation" : "",
    minCorrection > 0 ? "bounded" : "",
  ];
  return [label, ...variants].filter(Boolean).join(" ");
}

function corrected(pair: VoxelPair, point: string, correction: string, options: UpdateOptions): string {
  const { weighted, totalVariation, minCorrection } = options;
  const bounded = `max(${correction}, vec2f(${float(minCorrection)}))`;
  const weights = weighted ? ` * ${pair.load("weights")}` : "";
  const variation = totalVariation ? ` / ${pair.load("variation")}` : "";
  return pair.w.let(`${point} * (${bounded}${weights}${variation})`);
}

/** At least 1e-4 of the scale, of which epsilon is 1e-6. */
function extrapolated(pair: VoxelPair, updated: string, previous: string): string {
  return pair.w.let(
    `max(${updated} + momentum.factor * (${updated} - ${previous}), vec2f(100.0 * parameters.epsilon))`,
  );
}
