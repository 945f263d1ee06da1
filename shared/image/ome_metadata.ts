/**
 * What an output's root group says of it: OME-Zarr 0.5 or 0.4, in terms that every reader and viewer knows.
 */
import type { ImageInfo } from "../contract/image_info.ts";
import type { OmeVersion } from "../contract/stored_array.ts";
import { fullUnitName } from "./axes.ts";
import { LEVEL_0 } from "./output_layout.ts";

/** Attributes of the root group: one multiscale image of one level, and where it came from. */
export function rootAttributes(
  source: ImageInfo,
  version: OmeVersion,
  provenance: Record<string, unknown>,
): Record<string, unknown> {
  const { scale, translation } = source;
  const multiscale = {
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
  };
  const ome = version === "0.5"
    ? { ome: { version, multiscales: [multiscale] } }
    : { multiscales: [{ version, ...multiscale }] };
  return { ...ome, clearstack: provenance };
}
