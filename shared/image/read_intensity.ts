/** What the stored integers of an output of ours stand for, read from where its form keeps that. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type Intensity, IntensitySchema } from "shared/contract/stored_array.ts";
import { isClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { asRecord, readZarrNode } from "./zarr/zarr_node.ts";

/**
 * Reads the record of a TIFF, or the group around the array of a Zarr.
 *
 * @returns undefined for images that do not say, which is all of others
 * @throws {ClearstackError} what reading throws
 */
export async function readIntensity(
  { url, path, format }: Pick<ImageInfo, "url" | "path" | "format">,
  access: StoreAccess,
): Promise<Intensity | undefined> {
  if (format === "tiff") {
    const { readTiffRecord } = await import("./output/tiff/tiff_record.ts");
    return intensityOf((await readTiffRecord(url, access))?.provenance);
  }
  if (path === "") return undefined;
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const group = await readZarrNode(openReadable(url, access), folder, access).catch((error) => {
    // It lies beside the array, which can be read without it.
    if (isClearstackError(error, "forbidden") || isClearstackError(error, "corrupt-data")) return undefined;
    throw error;
  });
  return intensityOf(group?.attributes.clearstack);
}

/** @param provenance the `clearstack` attribute of an output */
export function intensityOf(provenance: unknown): Intensity | undefined {
  return IntensitySchema.safeParse(asRecord(provenance).intensity).data;
}
