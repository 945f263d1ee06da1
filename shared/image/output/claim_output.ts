/**
 * Decides who may write to a place: an output is begun where nothing is, continued where the same work was begun, and replaces an
 * earlier output only when asked.
 */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { OmeVersion, StoredObjects } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { planDifferences } from "shared/plan/plan_hash.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { readDone } from "./done_record.ts";
import { changeJob, type JobRecord, readJob, swapJob } from "./job_record.ts";
import { RECORDS } from "./output_layout.ts";
import { type Claimant, ownerMark, refuseOthersOutput } from "./output_owner.ts";
import {
  discardOutput,
  emptyOutput,
  isShared,
  readRoot,
  refuseForeignKeys,
  refuseMixedVersions,
} from "./output_place.ts";
import { refuseNested } from "./refuse_nested.ts";
import { type OutputInput, refuseOverlap } from "./refuse_overlap.ts";

/** Output to write, and its inputs. */
interface Wish extends Pick<StoreAccess, "environment"> {
  /** Of everything that decides the result. */
  readonly planHash: string;
  /** What it is the hash of, where an earlier output may be told from it. @default {nothing can be told} */
  readonly plan?: Plan;
  readonly version: OmeVersion;
  readonly ifExists: JobRequest["output"]["ifExists"];
  /** Inputs of the output, which must stay as they are. */
  readonly inputs: readonly OutputInput[];
  /** @default {somebody who may do anything here} */
  readonly claimant?: Claimant | undefined;
}

/** Remains of an earlier run of the same work; absent parts were not begun. */
interface Begun {
  readonly kind: "begun";
  readonly run: string;
  readonly finished: boolean;
  /** True if checksums have to be compared before anything is relied on. */
  readonly suspect: boolean;
  /** Metadata of the output as it was shown, where it is finished. */
  readonly documents?: StoredObjects | undefined;
  readonly pilot?: JobRecord["pilot"];
  readonly result?: JobResult | undefined;
}

/** An output of ours is there, of other work. */
export class OtherOutputError extends ClearstackError {
  /**
   * @param place the output, without user, password and query
   * @param what of it is in the way
   */
  constructor(readonly place: string, readonly what: string) {
    const message = `${place} ${what}; replace it with --overwrite or choose another`;
    super("conflict", message, { path: "output.url", value: place });
  }
}

/** A place to begin at. */
interface Room {
  readonly kind: "room";
  /** Of the record that is there. */
  readonly tag: string | undefined;
  /** Arrays of an output of ours that has to go first; undefined where there is none. */
  readonly remains: readonly string[] | undefined;
  /** True if the output that has to go is unfinished: the process that writes it may still be at it. */
  readonly suspect: boolean;
}

/**
 * Finds what there is to continue, or room to begin. Nothing is removed.
 *
 * @throws {ClearstackError} `conflict` if something is there that may not be continued or replaced, or if the place lies inside
 * another output; `forbidden` for an output of somebody else; `unwritable`
 */
export async function claimOutput(store: Store, wish: Wish): Promise<Begun | Room> {
  await refuseOverlap(store, wish.inputs, wish.environment);
  const { ifExists, planHash, version } = wish;
  const found = await inspect(store);
  if (found.kind === "foreign") throw conflict(store, found.message);
  const { tag } = found;
  const replaces = ifExists === "overwrite";
  if (found.kind === "ours") await refuseOthersOutput(store, found.job, { ...wish.claimant, replaces });
  if (found.kind === "ours" && !replaces) {
    const { job, done } = found;
    const finished = done !== undefined;
    if (job?.planHash !== planHash) {
      const what = job === undefined
        ? "holds an output whose record of its job cannot be read"
        : finished
        ? "already exists"
        : `holds an unfinished output of another job (${otherJob(job, wish.plan)})`;
      throw new OtherOutputError(store.url, what);
    }
    if (finished && ifExists === "fail") {
      throw conflict(store, "is already complete; accept it with --resume or replace it with --overwrite");
    }
    const { run } = job;
    const join = (now: JobRecord) => finished || now.joined ? undefined : { ...now, joined: true };
    const { pilot, suspect = false } = await changeJob(store, run, join);
    return { kind: "begun", run, finished, suspect, pilot, result: done?.result, documents: done?.documents };
  }
  await refuseNested(store, wish.environment);
  if (found.kind === "ours") await refuseForeignKeys(store, found.arrays);
  await refuseMixedVersions(store, { version, arrays: found.arrays ?? [] });
  const suspect = found.arrays !== undefined && !(found.kind === "ours" && found.done);
  return { kind: "room", tag, remains: found.arrays, suspect };
}

/** Differences that a message lists. */
const MAX_DIFFERENCES = 3;

/** Why the job of an output is another one; the defaults of settings may have changed with the version. */
function otherJob({ plan: earlier }: JobRecord, plan: Plan | undefined): string {
  const all = plan === undefined ? [] : planDifferences(earlier, plan);
  if (all.length === 0) return "another image, PSF or setting";
  const listed = all.slice(0, MAX_DIFFERENCES).join("; ") + (all.length > MAX_DIFFERENCES ? "; ..." : "");
  return all.every((one) => one.startsWith("algorithm.")) ? `${listed}: name what it was to continue it` : listed;
}

/** An output to begin. */
interface Beginning {
  readonly room: Room;
  readonly job: { readonly planHash: string; readonly arrays: readonly string[] } & Record<string, unknown>;
  /** Whose it will be. @default {nobody's} */
  readonly owner?: string | undefined;
  /** Writes the metadata of its arrays. */
  readonly create: (run: string) => Promise<void>;
}

/**
 * Takes the place by writing the record of a job, removes what was there, then writes what `create` writes; leaves nothing behind
 * if that fails.
 *
 * @returns the new run
 * @throws {ClearstackError} `conflict` if another job was faster
 */
export async function beginOutput(store: Store, { room, job, owner, create }: Beginning): Promise<string> {
  const run = crypto.randomUUID();
  const record = {
    ...{ ...job, arrays: [...job.arrays], run },
    ...(owner === undefined ? {} : { owner: await ownerMark(owner, run) }),
    ...(room.suspect ? { suspect: true } : {}),
  };
  const emptying = [...new Set([...room.remains ?? [], ...job.arrays])];
  let tag = await swapJob(store, room.remains === undefined ? record : { ...record, emptying }, room.tag);
  if (room.remains !== undefined) {
    await emptyOutput(store, { arrays: emptying, run });
    tag = await swapJob(store, record, tag);
  }
  try {
    await create(run);
  } catch (error) {
    await discardOutput(store, { arrays: job.arrays, run }).catch(() => {});
    throw error;
  }
  return run;
}

type Found =
  | { readonly kind: "foreign"; readonly message: string }
  | { readonly kind: "free"; readonly tag: string | undefined; readonly arrays: readonly string[] | undefined }
  | {
    readonly kind: "ours";
    readonly tag: string | undefined;
    /** Undefined if its record is lost or damaged. */
    readonly job: JobRecord | undefined;
    readonly arrays: readonly string[];
    /** Undefined if it is unfinished. */
    readonly done: Awaited<ReturnType<typeof readDone>>;
  };

async function inspect(store: Store): Promise<Found> {
  const { job, tag } = await readJob(store);
  if (job?.emptying !== undefined) return { kind: "free", tag, arrays: job.emptying };
  if (job !== undefined) {
    return { kind: "ours", job, tag, arrays: job.arrays, done: await readDone(store, job) };
  }
  const names = await Array.fromAsync(store.listNames(""));
  // Somebody may have begun an output between the two looks.
  if (names.includes(RECORDS) && (await readJob(store)).tag !== tag) return await inspect(store);
  // Records alone are what is left of a run that ended as it began, or of one that had removed all else.
  if (names.every((name) => name === RECORDS)) {
    return { kind: "free", tag, arrays: names.length === 0 ? undefined : [] };
  }
  if (await isShared(store)) return { kind: "free", tag, arrays: [] };
  const root = await readRoot(store);
  if (names.includes(RECORDS) || root?.attributes.clearstack !== undefined) {
    const arrays = names.filter((name) => /^\d+\/$/.test(name)).map((name) => name.slice(0, -1));
    return { kind: "ours", job, tag, arrays, done: undefined };
  }
  const message = root === undefined
    ? "is not empty and not a Zarr; choose another output"
    : "already exists and was not written by Clearstack; remove it yourself or choose another output";
  return { kind: "foreign", message };
}

function conflict({ url }: Store, what: string): ClearstackError {
  return new ClearstackError("conflict", `${url} ${what}`, { path: "output.url", value: url });
}
