/**
 * The first estimate, made on the device from the data that are there anyway.
 */
import { type DataType, dataVolume, loadData } from "../device/data_volume.ts";
import { PARAMETERS, SLAB } from "./parameters.ts";
import { insideRegion, START } from "./region.ts";
import { type RowStage, volume } from "./row_stages.ts";

/**
 * Writes the first estimate into `volumes`, among them `estimate`, and transforms it forward: v is the data or, outside of the
 * region of {@link START}, its constant; with a background b the estimate is `max(v - b, v / 10)`. Or what `estimate` holds is
 * transformed as it is, where that is given.
 */
export function startStage(dataType: DataType, volumes: readonly string[]): RowStage {
  return {
    label: `x start ${dataType} ${volumes.join(" ")}`,
    volumes: [
      dataVolume(dataType),
      ...volumes.map((name) => volume(name, name === "estimate" ? "read_write" : "write")),
    ],
    structs: [START, SLAB, PARAMETERS],
    inverse: false,
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
