/**
 * The record of the job that writes an output: `.clearstack/job.json`, written before anything else and removed after anything
 * else. It names the run that the output belongs to. It changes by conditional writes alone, so that of two processes that want
 * the place one gets it, and whoever writes looks first whether the output is still its run's.
 */
import { z } from "zod";
import { DecisionsSchema } from "shared/contract/decisions.ts";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { RequestOptions, Store } from "shared/storage/store.ts";
import { JOB_KEY, LEVEL_0, UNNAMED_RUN } from "./output_layout.ts";
import { decodeSealed, encodeSealed } from "./sealed_json.ts";

const PilotRecord = z.looseObject({ planHash: z.string(), decisions: DecisionsSchema });

export const JobRecordSchema = z.looseObject({
  planHash: z.string(),
  /** Names the life of this output: from one overwriting to the next. Records of earlier versions have none. */
  run: z.string().default(UNNAMED_RUN),
  arrays: z.array(z.string().min(1)).default([LEVEL_0]),
  pilot: PilotRecord.optional(),
  /** What the documents of a finished output tell of its end, where several processes may finish it: the same from each. */
  ending: z.strictObject({ result: JobResultSchema, finished: z.string() }).optional(),
  /** True once a second process works on this run. */
  joined: z.boolean().optional(),
  /** True where something may be wrong with what is stored, so that checksums are compared before anything is relied on. */
  suspect: z.boolean().optional(),
  /** Mark of whose it is. Outputs of whoever has the stores to themselves have none. */
  owner: z.string().optional(),
  /** Arrays that are being removed: nothing here is worth keeping, and whoever wants the place may have it. */
  emptying: z.array(z.string().min(1)).optional(),
});

/** The record, as far as continuing the job needs it. */
export type JobRecord = z.infer<typeof JobRecordSchema>;

/** A record and the tag that it is swapped by. A record that cannot be read counts as none, but has a tag. */
interface TaggedJob {
  readonly job: JobRecord | undefined;
  readonly tag: string | undefined;
}

/** Reads the record. */
export async function readJob(store: Store): Promise<TaggedJob> {
  const found = await store.getTagged(JOB_KEY);
  return { job: JobRecordSchema.safeParse(decodeSealed(found?.bytes)).data, tag: found?.tag };
}

/** Somebody else has just begun what was to be begun here. */
export class OutputRaceError extends ClearstackError {
  constructor({ url }: Store) {
    super("conflict", `another job has just started to write ${url}; wait for it or cancel it`);
  }
}

/**
 * Writes the record if nobody else has since it was read.
 *
 * @returns its new tag
 * @throws {OutputRaceError} if somebody was faster
 */
export async function swapJob(store: Store, job: JobRecord, tag: string | undefined): Promise<string> {
  const swapped = await store.swap(JOB_KEY, encodeSealed(job), tag);
  if (swapped !== undefined) return swapped;
  throw new OutputRaceError(store);
}

/**
 * Changes the record of a run that other processes may be changing too.
 *
 * @param change the new record; undefined to leave it as it is
 * @returns the record as it is then
 * @throws {ClearstackError} `conflict` if the output is no longer this run's
 */
export async function changeJob(
  store: Store,
  run: string,
  change: (job: JobRecord) => JobRecord | undefined,
): Promise<JobRecord> {
  for (;;) {
    const { job, tag } = await readJob(store);
    if (job?.run !== run || job.emptying !== undefined) throw lostOutput(store, job);
    const changed = change(job);
    if (changed === undefined) return job;
    if (await store.swap(JOB_KEY, encodeSealed(changed), tag) !== undefined) return changed;
  }
}

/** Options of {@link assertRun}. */
interface AssertRunOptions extends RequestOptions {
  /** True where this run itself is removing what was there. @default {false} */
  readonly emptying?: boolean;
}

/**
 * Makes sure that an output is still the one that this run writes.
 *
 * @throws {ClearstackError} `conflict` if another run has taken its place, or it was removed
 */
export async function assertRun(
  store: Store,
  run: string,
  { emptying = false, signal }: AssertRunOptions = {},
): Promise<void> {
  const job = JobRecordSchema.safeParse(decodeSealed(await store.get(JOB_KEY, { signal }))).data;
  if (job?.run !== run || (job.emptying !== undefined && !emptying)) throw lostOutput(store, job);
}

/** Has the next run compare checksums before it relies on anything that is stored. */
export async function markSuspect(store: Store, run: string): Promise<void> {
  await changeJob(store, run, (job) => job.suspect ? undefined : { ...job, suspect: true });
}

/** True if an output is another run's by now, or gone; false also where nobody can tell. */
export async function isLost(store: Store, run: string): Promise<boolean> {
  return await assertRun(store, run).then(() => false, (error) => isClearstackError(error, "conflict"));
}

function lostOutput({ url }: Store, job: JobRecord | undefined): ClearstackError {
  const what = job === undefined ? "was removed" : "was begun anew by another job";
  return new ClearstackError(
    "conflict",
    `${url} ${what} while this one ran, which stops and leaves it alone; give each job an output of its own`,
    { path: "output.url", value: url },
  );
}
