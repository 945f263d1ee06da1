/** An image of which no voxel is stored is most often one whose chunks lie elsewhere, or were not copied. */
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { type Image, pathOf } from "./image.ts";

/** @throws {ClearstackError} `corrupt-data` if no chunk is stored, unless the location allows that */
export async function refuseEmpty(
  { info, hasStoredChunk }: Image,
  { allowEmpty }: Location,
  options: RequestOptions,
): Promise<void> {
  if (allowEmpty === true || hasStoredChunk === undefined || await hasStoredChunk(options)) return;
  const path = pathOf(info);
  throw new ClearstackError(
    "corrupt-data",
    `${path} has no stored chunk, so all its voxels are its fill value: its chunks may lie elsewhere, have other names than its ` +
      "metadata say, or were not copied; if it is meant to be empty, say --allow-empty",
    { path },
  );
}
