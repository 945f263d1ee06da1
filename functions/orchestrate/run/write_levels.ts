/** The step of a run that writes the coarser levels. */
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { levelConcurrency } from "shared/plan/levels/level_memory.ts";
import { fanOutLevels } from "shared/engine/fan_out_levels.ts";
import type { JobRun } from "./job_run.ts";
import { signalOf, tell } from "./job_run.ts";

/** Writes the tiles of levels that are missing. */
export async function writeLevels(run: JobRun): Promise<void> {
  const { begun: { request, output, environment }, plan, engine, tally } = run;
  await fanOutLevels(plannedOutput(plan, { url: request.output.url, run: output.run }), {
    engine,
    environment,
    verify: output.verify,
    concurrency: levelConcurrency(plan),
    ...signalOf(run),
    tell: (message) => tell(run, { type: "status", message }),
    onReport: (report) => tally.addLevelTile(report),
    onRetry: (message) => tell(run, { type: "retry", message }),
  });
}
