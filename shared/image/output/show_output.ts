/** The last step of writing an output: what makes it an image to viewers, then the record that it is complete. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Store } from "shared/storage/store.ts";
import type { ChannelWindow } from "../ome/channel_windows.ts";
import { encodeJson } from "../zarr/json.ts";
import type { LevelledOutput } from "./level_arrays.ts";
import { rootAttributes } from "../ome/ome_metadata.ts";
import { assertRun } from "./job_record.ts";
import { DONE_KEY } from "./output_layout.ts";
import { isShared, joinedAttributes } from "./output_place.ts";
import { rootDocuments } from "../zarr/zarr_documents.ts";

/** Facts about an output. */
interface ShowOutputOptions {
  /** Axes, scale, name and channels of the output. */
  readonly source: ImageInfo;
  /** Brightness of each channel. */
  readonly windows?: readonly ChannelWindow[] | undefined;
  readonly provenance: Record<string, unknown>;
  /** The record that it is complete. */
  readonly done: Record<string, unknown>;
}

/** Writes the metadata of the root and the last record; all voxels are there before. What others keep in the root stays. */
export async function showOutput(
  store: Store,
  { levels, arrays }: Pick<LevelledOutput, "levels" | "arrays">,
  { source, windows, provenance, done }: ShowOutputOptions,
): Promise<void> {
  const { version, dtype } = arrays[0]!;
  const ours = rootAttributes(source, { version, levels, dtype, windows, provenance });
  const documents = rootDocuments(version, await joinedAttributes(store, ours), arrays);
  // Consolidated metadata of our arrays alone would hide the groups of others.
  const told = await isShared(store) ? documents.filter(([key]) => key !== ".zmetadata") : documents;
  const { run } = arrays[0]!;
  for (const [key, document] of told) {
    if (run !== undefined) await assertRun(store, run);
    await store.put(key, encodeJson(document));
  }
  if (run !== undefined) await assertRun(store, run);
  await store.put(DONE_KEY, encodeJson({ ...done, ...(run === undefined ? {} : { run }) }));
}
