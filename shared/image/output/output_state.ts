/** Progress and origin of an output, read from the records that lie in it. */
import { z } from "zod";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { isClearstackError } from "shared/errors.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import { DONE_KEY, JOB_KEY, recordIndex, type RecordOwner, recordsPrefix, UNNAMED_RUN } from "./output_layout.ts";
import { decodeSealed } from "./sealed_json.ts";

/** Statements of an output about itself. */
export interface OutputState {
  readonly state: "finished" | "unfinished";
  /** Command that made it: `deconvolve` or `convert`. */
  readonly kind: string;
  /** Of the plan as `plan` shows it, before anything was decided by the image. */
  readonly planHash: string;
  /** Version of Clearstack. */
  readonly version?: string | undefined;
  readonly started?: string | undefined;
  readonly finished?: string | undefined;
  readonly tiles: number;
  /** Absent where the store cannot be listed. */
  readonly tilesDone?: number | undefined;
  readonly source?: string | undefined;
  readonly psf?: string | undefined;
  readonly iterations?: number | undefined;
  readonly device?: string | undefined;
  /** URL of the TIFF that is made of it once all tiles are there. */
  readonly becomes?: string | undefined;
}

const Place = z.looseObject({ url: z.string() });

/** The job record, as far as people are told of it; all but the plan's hash may be missing in an older one. */
const JobRecord = z.looseObject({
  kind: z.string().default("deconvolve"),
  version: z.string().optional().catch(undefined),
  planHash: z.string(),
  run: z.string().default(UNNAMED_RUN),
  started: z.string().optional().catch(undefined),
  pilot: z.looseObject({ planHash: z.string() }).optional().catch(undefined),
  request: z.looseObject({
    source: Place,
    psf: z.union([Place, z.array(Place), z.looseObject({ optics: z.unknown() })]).optional(),
    algorithm: z.looseObject({ iterations: z.number(), stop: z.string().optional() }).optional(),
  }).optional().catch(undefined),
  plan: z.looseObject({ tiles: z.number() }).optional().catch(undefined),
});

const DoneRecord = z.looseObject({
  planHash: z.string(),
  run: z.string().default(UNNAMED_RUN),
  finished: z.string().optional().catch(undefined),
  result: JobResultSchema.partial().loose().optional().catch(undefined),
});

/** The state of the output in a store; undefined if it holds none of ours. Counting tiles lists their records. */
export async function readOutputState(store: ReadableStore): Promise<OutputState | undefined> {
  const job = decodeSealed(await getOptional(store, JOB_KEY));
  if (job === undefined) return undefined;
  return await stateOf(job, decodeSealed(await store.get(DONE_KEY)), (owner) => countRecords(store, owner));
}

/** The state that the records of an output tell; undefined if they are none. */
export async function stateOf(
  jobRecord: unknown,
  doneRecord: unknown,
  countTiles: (owner: RecordOwner) => Promise<number | undefined>,
): Promise<OutputState | undefined> {
  const job = JobRecord.safeParse(jobRecord).data;
  if (job === undefined) return undefined;
  // Records lie under the hash that also stands for what was decided.
  const decidedHash = job.pilot?.planHash ?? job.planHash;
  const done = DoneRecord.safeParse(doneRecord).data;
  const finished = done !== undefined && done.planHash === decidedHash && done.run === job.run;
  const tiles = job.plan?.tiles ?? 0;
  const { request } = job;
  const { iterations, stop = "fixed" } = request?.algorithm ?? {};
  const psfs = [request?.psf ?? []].flat().map((psf) => "optics" in psf ? "computed from optics" : psf.url);
  return {
    state: finished ? "finished" : "unfinished",
    kind: job.kind,
    planHash: job.planHash,
    version: job.version,
    started: job.started,
    ...(finished ? { finished: done.finished } : {}),
    tiles,
    tilesDone: finished ? tiles : await countTiles({ planHash: decidedHash, run: job.run }),
    source: request?.source.url,
    ...(psfs.length === 0 ? {} : { psf: psfs.join(", ") }),
    iterations: done?.result?.iterations ?? (stop === "fixed" ? iterations : undefined),
    ...(done?.result?.backend === undefined ? {} : { device: `${done.result.backend} (${done.result.adapter})` }),
  };
}

async function countRecords(store: ReadableStore, owner: RecordOwner): Promise<number | undefined> {
  let count = 0;
  try {
    for await (const key of store.list(recordsPrefix(owner))) if (recordIndex(key) !== undefined) count++;
  } catch (error) {
    if (isClearstackError(error, "unsupported") || isClearstackError(error, "forbidden")) return undefined;
    throw error;
  }
  return count;
}

/** Buckets that may not be listed refuse what is not there. */
async function getOptional(store: ReadableStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await store.get(key);
  } catch (error) {
    if (isClearstackError(error, "forbidden")) return undefined;
    throw error;
  }
}
