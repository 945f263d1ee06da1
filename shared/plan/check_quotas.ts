/** Quotas, checked on a plan: before anything is launched and any money is spent. */
import type { Plan } from "shared/contract/plan.ts";
import type { Quotas } from "shared/contract/quotas.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatBytes } from "./host_memory.ts";

/** Needs of a plan that quotas limit. */
interface Needs extends Pick<Plan, "voxels" | "tiles" | "bytesRead" | "bytesWritten"> {
  /** Seconds of a GPU, where the planner estimates them. */
  readonly gpuSeconds?: number | undefined;
}

/**
 * Checks one job against the limits of whoever asks for it.
 *
 * @throws {ClearstackError} `over-quota` with the limit and the need
 */
export function checkQuotas(needs: Needs, quotas: Quotas): void {
  const count = (value: number) => value.toLocaleString("en-US");
  const seconds = (value: number) => `${count(Math.ceil(value))} s`;
  const lines: readonly (readonly [string, number | undefined, number | undefined, (value: number) => string])[] = [
    ["voxels", needs.voxels, quotas.voxels, count],
    ["tiles", needs.tiles, quotas.tiles, count],
    ["reading and writing", needs.bytesRead + needs.bytesWritten, quotas.bytes, formatBytes],
    ["GPU time", needs.gpuSeconds, quotas.gpuSeconds, seconds],
  ];
  for (const [what, need, limit, show] of lines) {
    if (need === undefined || limit === undefined || need <= limit) continue;
    throw new ClearstackError(
      "over-quota",
      `${what}: the job needs ${show(need)} and your quota is ${show(limit)}: crop the image or ask for a larger quota`,
      { need, limit },
    );
  }
}

/**
 * Checks how many jobs somebody has queued or running, before some more are accepted.
 *
 * @throws {ClearstackError} `too-many`; `over-quota` for more than there may ever be
 */
export function checkLiveJobs(
  { live, more }: { readonly live: number; readonly more: number },
  { liveJobs }: Quotas,
): void {
  if (liveJobs === undefined || live + more <= liveJobs) return;
  if (more > liveJobs) {
    throw new ClearstackError(
      "over-quota",
      `the request makes ${more} jobs and your quota of jobs at once is ${liveJobs}: name a part of the source by ` +
        "source.path, or ask for a larger quota",
      { need: more, limit: liveJobs },
    );
  }
  const wish = more === 1 ? "wait for one to end, or cancel it" : `${more} more are asked for: wait for some to end`;
  throw new ClearstackError(
    "too-many",
    `${live} of your jobs are queued or running and your quota is ${liveJobs}: ${wish}`,
    { need: live + more, limit: liveJobs },
  );
}
