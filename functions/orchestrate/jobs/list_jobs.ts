/** Lists of jobs, newest first, page by page. */
import type { JobList, JobQuery } from "shared/contract/job_list.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { matches } from "./job_filter.ts";
import type { JobStore } from "./job_store.ts";

/** Records read at once. */
const BATCH = 16;

/** Most records that are read for one page: a filter that few jobs pass ends early, with a cursor to go on from. */
const MAX_READ = 2000;

/**
 * One page.
 *
 * @param known the status of a job that this process knows better than the store
 */
export async function listJobs(
  store: JobStore,
  query: JobQuery,
  known: (id: string) => JobStatus | undefined,
): Promise<JobList> {
  const { limit, cursor: _, ...wanted } = query;
  const jobs: JobStatus[] = [];
  let [read, last] = [0, ""];
  let batch: string[] = [];
  const take = async () => {
    const found = await Promise.all(batch.map(async (id) => known(id) ?? (await store.legible(id))?.record.status));
    read += batch.length;
    for (const [index, status] of found.entries()) {
      last = batch[index]!;
      if (status && matches(status, wanted)) jobs.push(status);
    }
    batch = [];
  };
  for await (const id of wantedIds(store, query)) {
    // One more id exists, so that there is a next page.
    if (jobs.length === limit || read >= MAX_READ) return { jobs, next: last };
    batch.push(id);
    if (batch.length >= Math.min(BATCH, limit - jobs.length)) await take();
  }
  if (batch.length > 0) await take();
  return { jobs };
}

/** Jobs that are queued or running are few and stand on a list of their own. */
async function* wantedIds(store: JobStore, query: JobQuery): AsyncGenerator<string> {
  const { state, owner, cursor, createdAfter, createdBefore } = query;
  if (state === "queued" || state === "running") {
    const live = await store.liveIds();
    const own = owner === undefined ? live : await store.ownIds(owner, live);
    return yield* own.filter((id) => cursor === undefined || id < cursor).sort().reverse();
  }
  yield* store.ids({
    owner,
    olderThan: cursor,
    after: createdAfter === undefined ? undefined : Date.parse(createdAfter),
    before: createdBefore === undefined ? undefined : Date.parse(createdBefore),
  });
}
