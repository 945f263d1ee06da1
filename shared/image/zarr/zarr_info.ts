/** Description of a Zarr array out of its metadata alone, whatever it is stored in. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { decideAxes } from "../axes.ts";
import { channelsFor } from "../ome/ome_channels.ts";
import type { FoundArray } from "./choose_array.ts";
import { parseZarrArray, type ZarrArrayMeta } from "./zarr_metadata.ts";

/** An array, the URL of its store, and how messages call it. */
interface DescribedArray extends FoundArray {
  readonly url: string;
  readonly where: string;
  /** From the request: `zyx`, `tczyx` and the like. */
  readonly requestedAxes?: string | undefined;
}

/**
 * Metadata of an array, and what they say of it as an image.
 *
 * @throws {ClearstackError} `unsupported`, `corrupt-data`, `invalid-request` (which axes?)
 */
export function zarrInfo(
  { node, path, ome, url, where, requestedAxes }: DescribedArray,
): { readonly meta: ZarrArrayMeta; readonly info: Omit<ImageInfo, "identity"> } {
  const meta = parseZarrArray(node, where);
  const rank = meta.shape.length;
  const axes = decideAxes({
    url: where,
    rank,
    requested: requestedAxes,
    ome: ome?.axes,
    dimensionNames: meta.dimensionNames,
  });
  for (const numbers of [ome?.scale, ome?.translation]) {
    if (numbers !== undefined && numbers.length !== rank) {
      throw new ClearstackError("corrupt-data", `${where} has ${rank} axes but OME metadata scale ${numbers.length}`);
    }
  }
  const info = {
    url,
    path,
    format: node.version === 3 ? "zarr3" as const : "zarr2" as const,
    dtype: meta.dtype,
    shape: [...meta.shape],
    chunkShape: [...meta.chunkShape],
    axes,
    scale: ome?.scale ? [...ome.scale] : meta.shape.map(() => 1),
    ...(ome?.translation ? { translation: [...ome.translation] } : {}),
    ...(ome?.name ? { name: ome.name } : {}),
    ...ome?.lens,
    ...channelsFor({ axes, shape: meta.shape }, ome?.channels, "omero"),
    ...(ome === undefined || ome.warnings.length === 0 ? {} : { warnings: [...ome.warnings] }),
  };
  return { meta, info };
}
