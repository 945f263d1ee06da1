/** The record that an output is complete: `.clearstack/done.json`, written after anything else. */
import { z } from "zod";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { StoredObjectsSchema } from "shared/contract/stored_array.ts";
import type { Store } from "shared/storage/store.ts";
import type { JobRecord } from "./job_record.ts";
import { DONE_KEY, UNNAMED_RUN } from "./output_layout.ts";
import { decodeSealed } from "./sealed_json.ts";

const DoneRecordSchema = z.looseObject({
  planHash: z.string(),
  run: z.string().default(UNNAMED_RUN),
  /** Metadata of the output as it was shown. */
  documents: StoredObjectsSchema.optional(),
  result: JobResultSchema.optional().catch(undefined),
});

/** The record of a job's own completion; undefined if the output is unfinished, also where another job's record was left. */
export async function readDone(
  store: Store,
  { planHash, pilot, run }: JobRecord,
): Promise<z.infer<typeof DoneRecordSchema> | undefined> {
  const done = DoneRecordSchema.safeParse(decodeSealed(await store.get(DONE_KEY))).data;
  return done?.planHash === (pilot?.planHash ?? planHash) && done.run === run ? done : undefined;
}
