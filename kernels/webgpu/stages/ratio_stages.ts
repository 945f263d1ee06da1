/**
 * What the data say about the model: the ratio that is projected back, and how well the two agree. The formulas are those of
 * docs/algorithms.md.
 */
import { type DataType, dataVolume, loadData } from "../device/data_volume.ts";
import { PARAMETERS, SLAB } from "./parameters.ts";
import { insideRegion, MEASURED, OBSERVED } from "./region.ts";
import { type RowStage, volume, type VoxelPair } from "./row_stages.ts";

/** Variants of the ratio. */
export interface RatioOptions {
  /** With noise-gated damping. */
  readonly damped: boolean;
  /** True if voxels may be unobserved; their data are 0. */
  readonly masked: boolean;
  readonly dataType: DataType;
  /** Sums the I-divergence of the data from the model, and the squared differences of held-out photons. */
  readonly measures: "nothing" | "data" | "data and held-out";
}

const MODEL = `
// At least epsilon, and no more than data that are known to be cut off.
fn model_of(blurred: vec2f, data: vec2f) -> vec2f {
  let model = max(blurred + parameters.background, vec2f(parameters.epsilon));
  return select(model, min(model, data), data >= vec2f(parameters.saturation));
}`;

const DIVERGENCE = `
// d ln(d / m) - d + m; where that loses everything to cancellation its series in d / m - 1.
fn divergence_terms(data: vec2f, model: vec2f) -> vec2f {
  let q = data / model - 1.0;
  let series = model * q * q * (0.5 + q * (-1.0 / 6.0 + q * (1.0 / 12.0 + q * (-0.05 + q / 30.0))));
  let logarithm = select(vec2f(0.0), data * log(data / model), data > vec2f(0.0)) - data + model;
  return select(logarithm, series, abs(q) < vec2f(0.1));
}`;

const DAMPING = `
// White 1994: U^9 (10 - 9 U), 1 where data and model differ by more than noise.
fn damped_ratio(data: vec2f, model: vec2f) -> vec2f {
  let u = min(parameters.damping * divergence_terms(data, model), vec2f(1.0));
  let cube = u * u * u;
  return 1.0 + cube * cube * cube * (10.0 - 9.0 * u) * (data / model - 1.0);
}`;

/** `data / model`, damped or not, and 0 on voxels that are not observed. */
export function ratioStage({ damped, masked, dataType, measures }: RatioOptions): RowStage {
  const measuring = measures !== "nothing";
  const needsDivergence = damped || measuring;
  const heldOut = measures === "data and held-out";
  // What is not observed counts as 0, which a ratio without damping keeps by itself.
  const selects = damped && masked;
  return {
    label: [
      "x ratio",
      dataType,
      damped ? "damped" : "",
      selects ? "masked" : "",
      measuring ? `measuring ${measures}` : "",
    ].filter(Boolean).join(" "),
    volumes: [dataVolume(dataType), ...(heldOut ? [volume("heldout", "read")] : [])],
    structs: [
      PARAMETERS,
      ...(measuring ? [MEASURED] : []),
      ...(selects ? [OBSERVED] : []),
      ...(measuring || selects ? [SLAB] : []),
    ],
    functions: [MODEL, ...(needsDivergence ? [DIVERGENCE] : []), ...(damped ? [DAMPING] : [])],
    inverse: true,
    forward: true,
    sums: measuring,
    point(pair, blurred) {
      const data = loadData(pair, dataType);
      const model = pair.w.let(`model_of(${blurred}, ${data})`);
      if (measuring) measure(pair, data, { model, heldOut });
      const ratio = pair.w.let(damped ? `damped_ratio(${data}, ${model})` : `${data} / ${model}`);
      return selects ? pair.w.let(`select(vec2f(0.0), ${ratio}, ${insideRegion(pair, OBSERVED)})`) : ratio;
    },
  };
}

function measure(pair: VoxelPair, data: string, { model, heldOut }: { model: string; heldOut: boolean }): void {
  const { w } = pair;
  const counts = w.let(insideRegion(pair, MEASURED));
  const counted = (terms: string) => w.let(`select(vec2f(0.0), ${terms}, ${counts})`);
  const fit = counted(`divergence_terms(${data}, ${model})`);
  if (!heldOut) return pair.add(fit, "vec2f(0.0)");
  const missed = w.let(`${pair.load("heldout")} - parameters.held_out_ratio * ${model}`);
  pair.add(fit, counted(`${missed} * ${missed}`));
}
