/** Writing the coarser levels of an output, of a job or a conversion, each from the one before. */
import type { LevelReport } from "shared/contract/level.ts";
import type { Engine } from "./engine.ts";
import type { LevelledOutput } from "shared/image/output/level_arrays.ts";
import { continueLevel } from "shared/image/output/check_output.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { levelTasks } from "./level_tasks.ts";
import { retryMessage } from "./retry.ts";

/** Options for writing levels. */
interface FanOutLevelsOptions extends StoreAccess {
  readonly engine: Engine<"levels">;
  /** Tiles in flight at the same time on each instance. */
  readonly concurrency: number;
  /** Compares the checksums of tiles that are there. @default {false} */
  readonly verify?: boolean;
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
  { engine, concurrency, environment, signal, verify = false, tell, onReport, onRetry }: FanOutLevelsOptions,
): Promise<void> {
  const { levels, arrays } = output;
  const store = openStore(arrays[0]!.url, { environment });
  for (let level = 1; level <= levels.length; level++) {
    tell(`writing level ${level} of ${levels.length}`);
    const done = await continueLevel(store, output, level, { verify, signal });
    await engine.fanOut("levels", levelTasks(output, { level, done }), {
      concurrency,
      ...(signal ? { signal } : {}),
      onReport,
      onRetry: (retry) => onRetry(retryMessage(`level ${level}, tile`, retry)),
    });
  }
}
