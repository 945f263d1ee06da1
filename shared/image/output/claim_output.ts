/**
 * Decides who may write to a place: an output is begun where nothing is, continued where the same work was begun, and replaces what is
 * there only when asked.
 */
import { z } from "zod";
import type { JobRequest } from "shared/contract/job_request.ts";
import { DecisionsSchema } from "shared/contract/decisions.ts";
import { type JobResult, JobResultSchema } from "shared/contract/job_status.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { type OutputInput, refuseOverlap } from "./refuse_overlap.ts";
import { decodeJson, encodeJson } from "../zarr/json.ts";
import { DONE_KEY, JOB_KEY, LEVEL_0 } from "./output_layout.ts";
import { isShared, refuseMixedVersions, removeOutput } from "./output_place.ts";
import { readZarrNode } from "../zarr/zarr_node.ts";

/** Output to write, and its inputs. */
interface Wish extends Pick<StoreAccess, "environment"> {
  /** Of everything that decides the result. */
  readonly planHash: string;
  readonly version: OmeVersion;
  readonly ifExists: JobRequest["output"]["ifExists"];
  /** Inputs of the output, which must stay as they are. */
  readonly inputs: readonly OutputInput[];
}

/** Remains of an earlier run of the same work; absent parts were not begun. */
interface Begun {
  readonly finished: boolean;
  readonly pilot?: z.infer<typeof PilotRecord> | undefined;
  readonly result?: JobResult | undefined;
}

const PilotRecord = z.looseObject({ planHash: z.string(), decisions: DecisionsSchema });

/** The record of a job, as far as continuing it needs it. */
export const JobRecord = z.looseObject({
  planHash: z.string(),
  arrays: z.array(z.string().min(1)).default([LEVEL_0]),
  pilot: PilotRecord.optional(),
});
const DoneRecord = z.looseObject({ planHash: z.string(), result: JobResultSchema.optional().catch(undefined) });

/**
 * Finds what there is to continue, or makes room.
 *
 * @returns what the same work has begun, if this run is to go on with it
 * @throws {ClearstackError} `conflict` if something is there that may not be continued or replaced, `unwritable`
 */
export async function claimOutput(store: Store, wish: Wish): Promise<Begun | undefined> {
  if (!store.writable) throw new ClearstackError("unwritable", `${store.url} is read only; write to a path instead`);
  await refuseOverlap(store, wish.inputs, wish.environment);
  const { ifExists, planHash } = wish;
  const found = await inspect(store);
  if (found.kind === "foreign" || found.kind === "zarr") throw foreignOutput(store.url, found.kind);
  const same = found.kind === "ours" && found.planHash === planHash;
  if (ifExists !== "overwrite" && found.kind !== "empty") {
    if (!same) throw otherOutput(store.url, found.kind === "ours" && !found.finished);
    if (found.finished && ifExists === "fail") {
      throw new ClearstackError(
        "conflict",
        `${store.url} is already complete; accept it with --resume or replace it with --overwrite`,
      );
    }
  }
  if (same && ifExists !== "overwrite") return found;
  await makeRoom(store, found, wish.version);
  return undefined;
}

/**
 * Writes the record of a job, then what `create` writes; leaves nothing behind if that fails.
 *
 * @throws {ClearstackError} `conflict` if another job was faster
 */
export async function beginOutput(
  store: Store,
  job: { readonly arrays: readonly string[] } & Record<string, unknown>,
  create: () => Promise<void>,
): Promise<void> {
  if (!await store.put(JOB_KEY, encodeJson(job), { ifAbsent: true })) {
    throw new ClearstackError("conflict", `another job has just started to write ${store.url}`);
  }
  try {
    await create();
  } catch (error) {
    await removeOutput(store, job.arrays).catch(() => {});
    throw error;
  }
}

type Found =
  | { readonly kind: "empty" }
  | { readonly kind: "foreign" }
  | { readonly kind: "zarr" }
  | Begun & { readonly kind: "ours"; readonly planHash: string; readonly arrays: readonly string[] };

async function inspect(store: Store): Promise<Found> {
  const job = JobRecord.safeParse(decodeJson(await store.get(JOB_KEY)));
  if (job.success) {
    const { planHash, arrays, pilot } = job.data;
    const done = DoneRecord.safeParse(decodeJson(await store.get(DONE_KEY)));
    const finished = done.success && done.data.planHash === (pilot?.planHash ?? planHash);
    return { kind: "ours", planHash, arrays, finished, pilot, result: done.data?.result };
  }
  if (await isShared(store)) return { kind: "empty" };
  if (await readZarrNode(store, "") !== undefined) return { kind: "zarr" };
  for await (const _ of store.listNames("")) return { kind: "foreign" };
  return { kind: "empty" };
}

/** Removes what may be replaced. */
async function makeRoom(store: Store, found: Found, version: OmeVersion): Promise<void> {
  const arrays = found.kind === "ours" ? found.arrays : [];
  await refuseMixedVersions(store, { version, arrays });
  if (found.kind === "ours") await removeOutput(store, arrays);
}

/** Only outputs of ours are replaced: nothing tells what the work of others is worth to them. */
function foreignOutput(url: string, kind: "foreign" | "zarr"): ClearstackError {
  const message = kind === "zarr"
    ? `${url} already exists and was not written by Clearstack; remove it yourself or choose another output`
    : `${url} is not empty and not a Zarr; choose another output`;
  return new ClearstackError("conflict", message, { path: "output.url", value: url });
}

function otherOutput(url: string, unfinished: boolean): ClearstackError {
  const what = unfinished ? "holds an unfinished output of another job" : "already exists";
  return new ClearstackError("conflict", `${url} ${what}; replace it with --overwrite or choose another`);
}
