/** The last step of writing an output: what makes it an image to viewers, then the record that it is complete. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { StoredObjects } from "shared/contract/stored_array.ts";
import type { Store } from "shared/storage/store.ts";
import type { ChannelWindow } from "../ome/channel_windows.ts";
import { encodeJson } from "../zarr/json.ts";
import type { LevelledOutput } from "./level_arrays.ts";
import { rootAttributes } from "../ome/ome_metadata.ts";
import { assertRun } from "./job_record.ts";
import { DONE_KEY } from "./output_layout.ts";
import { encodeSealed } from "./sealed_json.ts";
import { objectEntry } from "./stored_objects.ts";
import { isShared, joinedAttributes } from "./output_place.ts";
import { arrayDocuments, rootDocuments } from "../zarr/zarr_documents.ts";

/** Facts about an output. */
interface ShowOutputOptions {
  /** Axes, scale, name and channels of the output. */
  readonly source: ImageInfo;
  /** Brightness of each channel. */
  readonly windows?: readonly ChannelWindow[] | undefined;
  readonly provenance: Record<string, unknown>;
  /** The record that it is complete. */
  readonly done: Record<string, unknown>;
  /** Other documents that have been written and belong to it. */
  readonly documents?: StoredObjects;
}

/** Writes the metadata of the root and the last record; all voxels are there before. What others keep in the root stays. */
export async function showOutput(
  store: Store,
  { levels, arrays }: Pick<LevelledOutput, "levels" | "arrays">,
  { source, windows, provenance, done, documents: others }: ShowOutputOptions,
): Promise<void> {
  const { version, dtype } = arrays[0]!;
  const ours = rootAttributes(source, { version, levels, dtype, windows, provenance });
  const all = rootDocuments(version, await joinedAttributes(store, ours), arrays);
  // Consolidated metadata of our arrays alone would hide the groups of others.
  const told = await isShared(store) ? all.filter(([key]) => key !== ".zmetadata") : all;
  const { run } = arrays[0]!;
  const ofArrays = arrays.flatMap(arrayDocuments).map(([key, document]) => [key, objectEntry(encodeJson(document))]);
  const documents: Record<string, string> = { ...others, ...Object.fromEntries(ofArrays) };
  for (const [key, document] of told) {
    if (run !== undefined) await assertRun(store, run);
    const bytes = encodeJson(document);
    documents[key] = objectEntry(bytes);
    await store.put(key, bytes);
  }
  if (run !== undefined) await assertRun(store, run);
  await store.put(DONE_KEY, encodeSealed({ ...done, ...(run === undefined ? {} : { run }), documents }));
}
