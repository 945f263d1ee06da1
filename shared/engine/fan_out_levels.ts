/** Writing the coarser levels of an output, of a job or a conversion, each from the one before. */
import type { LevelReport } from "shared/contract/level.ts";
import type { Engine } from "./engine.ts";
import type { LevelledOutput } from "shared/image/output/level_arrays.ts";
import { levelRecordsPrefix, recordOwner } from "shared/image/output/output_layout.ts";
import { recordedTiles } from "shared/image/output/tile_records.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { levelTasks } from "./level_tasks.ts";
import { retryMessage } from "./retry.ts";

/** Options for writing levels. */
interface FanOutLevelsOptions extends StoreAccess {
  readonly engine: Engine<"levels">;
  /** Tiles in flight at the same time on each instance. */
  readonly concurrency: number;
  /** Takes one line about each level before it begins. */
  readonly tell: (message: string) => void;
  readonly onReport: (report: LevelReport) => void;
  /** Takes one line before a tile is tried again. */
  readonly onRetry: (message: string) => void;
}

/**
 * Writes the tiles of levels that have no record; a level begins once the one before it is complete.
 *
 * @throws {ClearstackError} the first error that could not be mended by retries, or `cancelled`
 */
export async function fanOutLevels(
  output: LevelledOutput,
  { engine, concurrency, environment, signal, tell, onReport, onRetry }: FanOutLevelsOptions,
): Promise<void> {
  const { planHash, levels, arrays } = output;
  const store = openStore(arrays[0]!.url, { environment });
  for (let level = 1; level <= levels.length; level++) {
    tell(`writing level ${level} of ${levels.length}`);
    const done = await recordedTiles(store, levelRecordsPrefix(recordOwner(planHash, arrays[0]!), level));
    await engine.fanOut("levels", levelTasks(output, { level, done }), {
      concurrency,
      ...(signal ? { signal } : {}),
      onReport,
      onRetry: (retry) => onRetry(retryMessage(`level ${level}, tile`, retry)),
    });
  }
}
