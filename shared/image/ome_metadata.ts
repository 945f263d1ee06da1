/**
 * Metadata of an output: Zarr v3 array and OME-Zarr 0.5 group, in terms that every reader and viewer knows.
 */
import type { ImageInfo } from "../contract/image_info.ts";
import type { Plan } from "../contract/plan.ts";
import { fullUnitName } from "./axes.ts";
import { LEVEL_0 } from "./output_layout.ts";

/** `zarr.json` of the level-0 array: float32, chunks of the plan, Blosc with byte shuffle and Zstandard. */
export function arrayMetadata(plan: Plan): Record<string, unknown> {
  const { source, chunk } = plan;
  const outerChunk = source.axes.filter((axis) => axis.type !== "space").map(() => 1);
  const spatial = source.axes.length - outerChunk.length;
  return {
    zarr_format: 3,
    node_type: "array",
    shape: source.shape,
    data_type: "float32",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [...outerChunk, ...chunk.slice(3 - spatial)] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [
      { name: "bytes", configuration: { endian: "little" } },
      {
        name: "blosc",
        configuration: { cname: "zstd", clevel: 1, shuffle: "shuffle", typesize: 4, blocksize: 0 },
      },
    ],
    dimension_names: source.axes.map((axis) => axis.name),
    attributes: {},
    storage_transformers: [],
  };
}

/** `zarr.json` of the root group: one multiscale image of one level, and where it came from. */
export function rootMetadata(source: ImageInfo, provenance: Record<string, unknown>): Record<string, unknown> {
  const { scale, translation } = source;
  return {
    zarr_format: 3,
    node_type: "group",
    attributes: {
      ome: {
        version: "0.5",
        multiscales: [{
          name: source.name ?? "deconvolved",
          axes: source.axes.map(({ name, type, unit }) => {
            const fullUnit = fullUnitName(unit);
            return { name, type, ...(fullUnit === undefined ? {} : { unit: fullUnit }) };
          }),
          datasets: [{
            path: LEVEL_0,
            coordinateTransformations: [
              { type: "scale", scale },
              ...(translation === undefined ? [] : [{ type: "translation", translation }]),
            ],
          }],
        }],
      },
      clearstack: provenance,
    },
  };
}
