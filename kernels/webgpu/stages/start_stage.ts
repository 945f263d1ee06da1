/**
 * The first estimate, made on the device from the data that are there anyway, and the weights of non-circulant edges.
 */
import { type DataType, dataVolume, loadData } from "../device/data_volume.ts";
import { PARAMETERS, SLAB } from "./parameters.ts";
import { PROJECTION } from "./projection.ts";
import { insideRegion, START } from "./region.ts";
import { type RowStage, volume } from "./row_stages.ts";

/** `1 / Bt g` where more than a hundredth of the PSF meets observed voxels, else 0. */
const WEIGHTS: RowStage = {
  label: "x weights",
  volumes: [volume("weights", "write")],
  forward: false,
  point(pair, seen) {
    pair.store("weights", pair.w.let(`select(vec2f(0.0), 1.0 / ${seen}, ${seen} > vec2f(0.01))`));
    return seen;
  },
};

/**
 * Writes the first estimate into `volumes`, among them `estimate`, and transforms it forward: v is the data or, outside of the
 * region of {@link START}, its constant; with a background b the estimate is `max(v - b, v / 10)`. Or what `estimate` holds is
 * transformed as it is, where that is given.
 *
 * @param weighted the shader also turns the back projection of what is observed into `weights`, where that is its projection
 */
export function startStage(dataType: DataType, volumes: readonly string[], weighted: boolean): RowStage {
  return {
    label: `x start ${dataType} ${volumes.join(" ")}${weighted ? " weights" : ""}`,
    volumes: [
      dataVolume(dataType),
      ...volumes.map((name) => volume(name, name === "estimate" ? "read_write" : "write")),
    ],
    structs: [START, SLAB, PARAMETERS, ...(weighted ? [PROJECTION] : [])],
    inverse: false,
    instead: weighted ? { condition: "projection.conjugation < 0.0", stage: WEIGHTS } : undefined,
    point(pair) {
      const { w } = pair;
      w.line(`if (start.is_given != 0u) { return ${pair.stored("estimate")}; }`);
      const value = w.let(
        `select(vec2f(start.elsewhere), ${loadData(pair, dataType)}, ${insideRegion(pair, START)})`,
      );
      const estimate = w.let(`max(${value} - parameters.background, ${value} / 10.0)`);
      for (const name of volumes) pair.store(name, estimate);
      return estimate;
    },
  };
}
