/**
 * The life of an output: created before the first tile, continued after a crash, finished after the last tile. All that is
 * known of it is in the store.
 */
import { z } from "zod";
import type { Decisions } from "../contract/decisions.ts";
import type { JobRequest } from "../contract/job_request.ts";
import type { JobResult } from "../contract/job_status.ts";
import type { Measurement } from "../contract/pilot.ts";
import type { Plan } from "../contract/plan.ts";
import type { TileReport } from "../contract/tile.ts";
import { DecisionsSchema } from "../contract/decisions.ts";
import { JobResultSchema } from "../contract/job_status.ts";
import { ClearstackError } from "../errors.ts";
import { psfLocations } from "../psf_locations.ts";
import { openStore } from "../storage/open_store.ts";
import type { Store } from "../storage/store.ts";
import { redactUrl, urlsOverlap } from "../storage/url.ts";
import { decidedPlan } from "../tile_algorithm.ts";
import { VERSION } from "../version.ts";
import { createArray } from "./create_array.ts";
import { decodeJson, encodeJson } from "./json.ts";
import type { ChannelWindow } from "./channel_windows.ts";
import { levelArrays } from "./level_arrays.ts";
import { rootAttributes } from "./ome_metadata.ts";
import { DONE_KEY, JOB_KEY, LEVEL_0, levelRecordsPrefix, recordIndex, recordsPrefix } from "./output_layout.ts";
import { isShared, joinedAttributes, refuseMixedVersions, removeOutput } from "./output_place.ts";
import { provenanceOf, redactedRequest } from "./provenance.ts";
import { rootDocuments } from "./zarr_documents.ts";
import { readZarrNode } from "./zarr_node.ts";

/** What is told of an output besides its result. */
export interface FinishOptions {
  /** How bright each channel is. */
  readonly windows?: readonly ChannelWindow[];
  readonly reports?: readonly TileReport[];
}

/** The OME-Zarr a job writes, from before its first tile to after its last. */
export interface Output {
  /** Without user, password and query. */
  readonly url: string;
  /** Array that the tiles go to, inside the output. */
  readonly array: string;
  /** Tiles finished by earlier runs of the same plan. */
  readonly tilesDone: ReadonlySet<number>;
  /** True if this run found an output of the same plan and goes on with it. */
  readonly resumed: boolean;
  /** What a pilot of an earlier run decided; it holds for this run too. */
  readonly decisions?: Decisions;
  /** Result of the earlier run, where the output was already complete. */
  readonly earlierResult?: JobResult;
  /** Keeps what a pilot decided, and from what; tiles come after it. */
  decide(decisions: Decisions, measurements: readonly Measurement[]): Promise<void>;
  /** Tiles of a coarser level, from 1, that runs of the same plan have finished. */
  levelTilesDone(level: number): Promise<Set<number>>;
  /** Writes the metadata that make the output visible, then the record that it is complete. */
  finish(result: JobResult, options?: FinishOptions): Promise<void>;
  /** Removes the output if this run started it; leaves what an earlier run had begun, and what others put beside it. */
  discard(): Promise<void>;
}

/**
 * Creates the output of a job, or continues one, as `request.output.ifExists` says.
 *
 * @throws {ClearstackError} `conflict` if something is there that may not be continued or replaced, `unwritable`
 */
export async function createOutput(plan: Plan, request: JobRequest): Promise<Output> {
  const store = openStore(request.output.url);
  if (!store.writable) throw new ClearstackError("unwritable", `${store.url} is read only; write to a path instead`);
  refuseOverlap(request);
  const { ifExists } = request.output;
  const found = await inspect(store);
  if (found.kind === "foreign") {
    throw new ClearstackError("conflict", `${store.url} is not empty and not a Zarr; choose another output`);
  }
  const samePlan = found.kind === "ours" && found.planHash === plan.planHash;
  if (ifExists !== "overwrite" && found.kind !== "empty") {
    if (!samePlan) throw otherOutput(store.url, found.kind === "ours" && !found.finished);
    if (found.finished && ifExists === "fail") {
      throw new ClearstackError(
        "conflict",
        `${store.url} is already complete; accept it with --resume or replace it with --overwrite`,
      );
    }
  }
  const resumed = samePlan && ifExists !== "overwrite";
  if (resumed) await createArrays(plan, request);
  else {
    await makeRoom(store, found, plan);
    await begin(store, plan, request);
  }
  const decisions = resumed ? found.pilot?.decisions : undefined;
  let decided = decisions ? decidedPlan(plan, decisions) : plan;
  return {
    url: store.url,
    array: LEVEL_0,
    tilesDone: resumed ? await recorded(store, recordsPrefix(decided.planHash)) : new Set(),
    resumed,
    ...(decisions ? { decisions } : {}),
    ...(resumed && found.finished && found.result ? { earlierResult: found.result } : {}),
    decide: async (decisions, measurements) => {
      decided = decidedPlan(plan, decisions);
      const pilot = { planHash: decided.planHash, decisions, measurements };
      const job = JobRecord.parse(decodeJson(await store.get(JOB_KEY)));
      await store.put(JOB_KEY, encodeJson({ ...job, pilot }));
    },
    levelTilesDone: (level) => recorded(store, levelRecordsPrefix(decided.planHash, level)),
    finish: (result, options) => finish(store, { plan: decided, request, result, ...options }),
    discard: async () => {
      if (!resumed) await removeOutput(store, arrayPaths(plan, request));
    },
  };
}

type Found =
  | { readonly kind: "empty" }
  | { readonly kind: "foreign" }
  | { readonly kind: "zarr" }
  | {
    readonly kind: "ours";
    readonly planHash: string;
    readonly arrays: readonly string[];
    readonly finished: boolean;
    readonly pilot?: z.infer<typeof PilotRecord> | undefined;
    readonly result?: JobResult | undefined;
  };

const PilotRecord = z.looseObject({ planHash: z.string(), decisions: DecisionsSchema });
const JobRecord = z.looseObject({
  planHash: z.string(),
  arrays: z.array(z.string().min(1)).default([LEVEL_0]),
  pilot: PilotRecord.optional(),
});
const DoneRecord = z.looseObject({ planHash: z.string(), result: JobResultSchema.optional().catch(undefined) });

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
async function makeRoom(store: Store, found: Found, plan: Plan): Promise<void> {
  const arrays = found.kind === "ours" ? found.arrays : [];
  if (found.kind === "zarr") return await removeForeign(store);
  await refuseMixedVersions(store, { version: plan.omeVersion, arrays });
  if (found.kind === "ours") await removeOutput(store, arrays);
}

/** Writes the job record, then the arrays that tiles fill; leaves nothing behind if that fails. */
async function begin(store: Store, plan: Plan, request: JobRequest): Promise<void> {
  const started = new Date().toISOString();
  const source = { ...plan.source, url: redactUrl(plan.source.url) };
  const job = {
    version: VERSION,
    planHash: plan.planHash,
    arrays: arrayPaths(plan, request),
    started,
    request: redactedRequest(request),
    plan: { ...plan, source },
  };
  if (!await store.put(JOB_KEY, encodeJson(job), { ifAbsent: true })) {
    throw new ClearstackError("conflict", `another job has just started to write ${store.url}`);
  }
  try {
    await createArrays(plan, request);
  } catch (error) {
    await removeOutput(store, job.arrays).catch(() => {});
    throw error;
  }
}

async function createArrays(plan: Plan, request: JobRequest): Promise<void> {
  for (const array of levelArrays(plan, request.output.url)) await createArray(array);
}

function arrayPaths(plan: Plan, request: JobRequest): string[] {
  return levelArrays(plan, request.output.url).map(({ array }) => array);
}

/** Removes a Zarr that is not ours, in an order that leaves it one if interrupted, so that it can be overwritten again. */
async function removeForeign(store: Store): Promise<void> {
  const names: string[] = [];
  for await (const name of store.listNames("")) names.push(name);
  const marks = /^(zarr\.json|\.z(group|array|attrs|metadata))$/;
  for (const name of names) if (!marks.test(name)) await store.deleteAll(name);
  await store.deleteAll("");
}

/** Indices of the tiles that have a record in a folder. */
async function recorded(store: Store, folder: string): Promise<Set<number>> {
  const indices = (await Array.fromAsync(store.list(folder))).map(recordIndex);
  return new Set(indices.filter((index) => index !== undefined));
}

async function finish(
  store: Store,
  { plan, request, result, reports, windows }: FinishOptions & {
    readonly plan: Plan;
    readonly request: JobRequest;
    readonly result: JobResult;
  },
): Promise<void> {
  const finished = new Date().toISOString();
  const provenance = provenanceOf(plan, request, { result, reports, finished });
  const { source, omeVersion: version, levels } = plan;
  const ours = rootAttributes(source, { version, levels, windows, provenance });
  const attributes = await joinedAttributes(store, ours);
  const documents = rootDocuments(version, attributes, levelArrays(plan, request.output.url));
  // Consolidated metadata of our arrays alone would hide the groups of others.
  const told = await isShared(store) ? documents.filter(([key]) => key !== ".zmetadata") : documents;
  for (const [key, document] of told) await store.put(key, encodeJson(document));
  await store.put(
    DONE_KEY,
    encodeJson({ planHash: plan.planHash, result: { ...result, output: store.url }, finished }),
  );
}

/** Overwriting must never reach the source or the PSF, and no output may grow inside either. */
function refuseOverlap(request: JobRequest): void {
  const psfs = psfLocations(request).map(({ url }) => ["PSF", url] as const);
  for (const [role, url] of [["source", request.source.url] as const, ...psfs]) {
    if (urlsOverlap(url, request.output.url)) {
      throw new ClearstackError(
        "conflict",
        `the output would lie over the ${role} ${redactUrl(url)}; choose another`,
      );
    }
  }
}

function otherOutput(url: string, unfinished: boolean): ClearstackError {
  const what = unfinished ? "holds an unfinished output of another job" : "already exists";
  return new ClearstackError("conflict", `${url} ${what}; replace it with --overwrite or choose another`);
}
