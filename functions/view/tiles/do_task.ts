/** One task of a view, done as one of a job is. */
import type { Engine, FanOutOptions } from "shared/engine/engine.ts";
import type { TaskOf } from "shared/engine/task_kinds.ts";

/**
 * Does a task. One that has ended well counts, even if nobody waits for it any more by then.
 *
 * @returns stored bytes
 * @throws {ClearstackError} what stopped it; `cancelled`
 */
export async function doTask<K extends "tiles" | "levels">(
  engine: Engine,
  kind: K,
  task: TaskOf<K>,
  options: Omit<FanOutOptions<K>, "onReport">,
): Promise<number> {
  let bytes: number | undefined;
  try {
    await engine.fanOut(kind, [task], { ...options, onReport: ({ bytesWritten }) => void (bytes = bytesWritten) });
  } catch (error) {
    if (bytes === undefined) throw error;
  }
  return bytes!;
}
