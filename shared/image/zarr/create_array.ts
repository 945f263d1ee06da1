/** Creating an array of an output: its metadata; the voxels come block by block, see `writeBlock`. */
import type { StoredArray } from "shared/contract/stored_array.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { encodeJson } from "./json.ts";
import { arrayDocuments } from "./zarr_documents.ts";

/** Writes the metadata of an array; doing so again changes nothing. */
export async function createArray(array: StoredArray, { environment }: StoreAccess): Promise<void> {
  const store = openStore(array.url, { environment });
  for (const [key, document] of arrayDocuments(array)) await store.put(key, encodeJson(document));
}
