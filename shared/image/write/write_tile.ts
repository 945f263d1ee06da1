/** Writes the core of a tile, and the records that it, or a tile of a level, is finished. */
import type { LevelReport, LevelTask } from "shared/contract/level.ts";
import type { TileReport, TileTask } from "shared/contract/tile.ts";
import type { ChunkValues } from "../image.ts";
import type { Box } from "shared/volume/geometry.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { levelRecordKey, recordKey, recordOwner } from "../output/output_layout.ts";
import { putRecord } from "../output/tile_records.ts";
import { writeBlock } from "./write_block.ts";
import type { Written } from "./write_objects.ts";

/** Options of {@link writeTile}. */
interface WriteTileOptions extends StoreAccess {
  /** Box that the values are of. @default {the core} */
  readonly box?: Box;
}

/**
 * Writes the core of a tile, see {@link writeBlock}.
 *
 * @param values of the tile's core, or of a box around it, x contiguous, of the output's type
 * @returns what was stored
 * @throws {ClearstackError} `unwritable`, `store-unavailable`, `cancelled`; `internal` if the core is not made of whole objects
 */
export async function writeTile(
  { tile, output }: TileTask,
  values: ChunkValues,
  { box = tile.core, ...access }: WriteTileOptions,
): Promise<Written> {
  return await writeBlock(output, { outer: tile.outer, core: tile.core, values, box }, access);
}

/** Records that all objects of a tile are written. */
export async function writeTileRecord(
  task: TileTask,
  record: TileReport & Partial<Pick<Written, "objects">>,
  access: StoreAccess,
): Promise<void> {
  const { planHash, output, tile } = task;
  await putRecord(output, recordKey(recordOwner(planHash, output), tile.index), record, access);
}

/** Records that all objects of a tile of a level are written. */
export async function writeLevelRecord(
  { planHash, output }: Pick<LevelTask, "planHash" | "output">,
  record: LevelReport & Pick<Written, "objects">,
  access: StoreAccess,
): Promise<void> {
  const { level, index } = record;
  await putRecord(output, levelRecordKey(recordOwner(planHash, output), level, index), record, access);
}
