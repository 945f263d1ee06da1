/** The step of a run that writes the coarser levels, each from the one before. */
import { levelConcurrency } from "shared/level_memory.ts";
import type { JobRun } from "./job_run.ts";
import { signalOf, tell, tellRetry } from "./job_run.ts";
import { levelTasks } from "./level_tasks.ts";

/** Writes the tiles of levels that are missing; a level begins once the one before it is complete. */
export async function writeLevels(run: JobRun): Promise<void> {
  const { begun: { request, output }, plan, engine, tally } = run;
  const count = plan.levels.length;
  for (let level = 1; level <= count; level++) {
    tell(run, { type: "status", message: `writing level ${level} of ${count}` });
    const done = await output.levelTilesDone(level);
    await engine.fanOut("levels", levelTasks({ plan, url: request.output.url, level, done }), {
      concurrency: levelConcurrency(plan),
      ...signalOf(run),
      onReport: (report) => tally.addLevelTile(report),
      onRetry: (retry) => tellRetry(run, `level ${level}, tile`, retry),
    });
  }
}
