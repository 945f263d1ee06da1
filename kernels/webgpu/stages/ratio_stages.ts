/**
 * The data against the model: the ratio that is projected back, and how well the two agree. The formulas are those of
 * docs/algorithms.md.
 */
import { type DataType, dataVolume, loadData } from "../device/data_volume.ts";
import PHOTON_MODEL from "../wgsl/photon_model.wgsl" with { type: "text" };
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

/** `data / model`, damped or not, and 0 on voxels that are not observed. */
export function ratioStage({ damped, masked, dataType, measures }: RatioOptions): RowStage {
  const measuring = measures !== "nothing";
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
    functions: PHOTON_MODEL,
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
