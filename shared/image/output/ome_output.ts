/**
 * The life of an output: created before the first tile, continued after a crash, finished after the last tile. All that is
 * known of it is in the store.
 */
import type { Decisions } from "shared/contract/decisions.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Measurement } from "shared/contract/pilot.ts";
import type { Plan } from "shared/contract/plan.ts";
import { TileRecordSchema } from "shared/contract/tile.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { decidedPlan } from "shared/plan/tile_algorithm.ts";
import { VERSION } from "shared/version.ts";
import { versions } from "shared/process/versions.ts";
import { assertWhole, continueTiles, countRecords } from "./check_output.ts";
import { beginOutput, claimOutput } from "./claim_output.ts";
import { imageName } from "../image_name.ts";
import { createArray } from "../zarr/create_array.ts";
import type { OutputOfRun } from "../zarr/level_zero.ts";
import { encodeJson } from "../zarr/json.ts";
import type { ChannelWindow } from "../ome/channel_windows.ts";
import { withOptics } from "../ome/known_optics.ts";
import { plannedOutput } from "./level_arrays.ts";
import { assertRun, changeJob, isLost, type JobRecord, markSuspect } from "./job_record.ts";
import { PROVENANCE_KEY } from "./output_layout.ts";
import type { Claimant } from "./output_owner.ts";
import { discardOutput } from "./output_place.ts";
import { keptRequest, provenanceOf } from "./provenance.ts";
import type { OutputInput } from "./refuse_overlap.ts";
import { showOutput } from "./show_output.ts";
import { objectEntry } from "./stored_objects.ts";
import { tileTimes } from "./tile_times.ts";

/** Facts about an output besides its result. */
export interface FinishOptions {
  /** Brightness of each channel. */
  readonly windows?: readonly ChannelWindow[];
  /** True where other processes may be finishing it too: then all write the documents of the first. @default {false} */
  readonly together?: boolean;
}

/** The OME-Zarr a job writes, from before its first tile to after its last. */
export interface Output {
  /** Without user, password and query. */
  readonly url: string;
  /** Run that the output belongs to, which every process that writes to it names. */
  readonly run: string;
  /** Tiles finished by earlier runs of the same plan. */
  readonly tilesDone: ReadonlySet<number>;
  /** True if this run found an output of the same plan and goes on with it. */
  readonly resumed: boolean;
  /** True if checksums are compared before the output counts as complete. */
  readonly verify: boolean;
  /** Decisions of a pilot of an earlier run; they hold for this run too. */
  readonly decisions?: Decisions;
  /** Result of the earlier run, where the output was already complete. */
  readonly earlierResult?: JobResult;
  /**
   * Keeps what a pilot decided, and from what; tiles come after it.
   *
   * @returns the decisions that hold: those of another process of this run, if it was faster
   */
  decide(decisions: Decisions, measurements: readonly Measurement[]): Promise<Decisions>;
  /**
   * Writes the metadata that make the output visible, then the record that it is complete.
   *
   * @throws {ClearstackError} `corrupt-data` if an object is not as it was written
   */
  finish(result: JobResult, options?: FinishOptions): Promise<void>;
  /** Tiles that have a record by now, whoever computed them. */
  recordedTiles(): Promise<number>;
  /** Removes the output if this process began it and nobody has recorded a tile in it, or joined; else leaves it as it is. */
  discard(): Promise<void>;
  /** Has the next run of the same plan compare checksums before it relies on anything that is stored. */
  markSuspect(): Promise<void>;
  /** True if the output is another run's by now, or gone. */
  isLost(): Promise<boolean>;
}

/** Options of {@link createOutput}. */
interface CreateOutputOptions extends StoreAccess {
  /** @default {somebody who may do anything here} */
  readonly claimant?: Claimant | undefined;
}

/**
 * Creates the output of a job, or continues one, as `request.output.ifExists` says.
 *
 * @throws {ClearstackError} `conflict` if something is there that may not be continued or replaced, `forbidden`, `unwritable`
 */
export async function createOutput(
  plan: Plan,
  request: JobRequest,
  { claimant, ...access }: CreateOutputOptions,
): Promise<Output> {
  const { url, ifExists } = request.output;
  const { planHash, omeVersion: version } = plan;
  const store = openStore(url, access);
  const inputs = jobInputs(plan, request);
  const { environment } = access;
  const claim = await claimOutput(store, { planHash, plan, version, ifExists, inputs, claimant, environment });
  const resumed = claim.kind === "begun";
  const create = (run: string) => createArrays(plan, { url, run }, access);
  const beginning = { job: jobRecord(plan, request), owner: claimant?.owner, create };
  const run = resumed ? claim.run : await beginOutput(store, { room: claim, ...beginning });
  const decisions = resumed ? claim.pilot?.decisions : undefined;
  let decided = decisions ? decidedPlan(plan, decisions) : plan;
  const verify = request.output.verify || claim.suspect;
  const wholeOutput = () => ({
    output: plannedOutput(decided, { url, run }),
    tiles: plan.tiles,
    schema: TileRecordSchema,
  });
  const { done, whole } = resumed
    ? await continueTiles(store, wholeOutput(), { ...claim, verify, signal: access.signal })
    : { done: new Set<number>(), whole: false };
  // One that is whole is accepted as it is, also where nothing may be written; an earlier version noted no metadata.
  if (resumed && !(whole && claim.documents)) await create(run);
  return {
    url: store.url,
    run,
    tilesDone: done,
    resumed,
    verify,
    ...(decisions ? { decisions } : {}),
    ...(resumed && whole && claim.result ? { earlierResult: claim.result } : {}),
    decide: async (decisions, measurements) => {
      const pilot = { planHash: decidedPlan(plan, decisions).planHash, decisions, measurements };
      const job = await changeJob(store, run, (job) => job.pilot ? undefined : { ...job, pilot });
      decided = decidedPlan(plan, job.pilot!.decisions);
      return job.pilot!.decisions;
    },
    finish: async (result, { windows, together = false } = {}) => {
      await assertRun(store, run);
      await assertWhole(store, wholeOutput(), { verify });
      const own = { result, finished: new Date().toISOString() };
      const ending = together ? await agreedEnding(store, run, own) : own;
      await finish(store, { plan: decided, request, run, ...ending, windows });
    },
    recordedTiles: () => countRecords(store, { planHash: decided.planHash, run }),
    markSuspect: () => markSuspect(store, run),
    discard: async () => {
      if (!resumed) await discardOutput(store, { arrays: arrayPaths(plan, url), run });
    },
    isLost: () => isLost(store, run),
  };
}

/** What the output of a job is made of. */
export function jobInputs(plan: Plan, request: JobRequest): OutputInput[] {
  const psfs = psfLocations(request).map(({ url, path }) => ({ role: "PSF", url, path }));
  return [{ role: "source", url: request.source.url, path: plan.source.path }, ...psfs];
}

/** Record that is written before anything else. */
function jobRecord(plan: Plan, request: JobRequest) {
  const source = { ...plan.source, url: redactUrl(plan.source.url) };
  return {
    version: VERSION,
    planHash: plan.planHash,
    arrays: arrayPaths(plan, request.output.url),
    versions: versions(),
    started: new Date().toISOString(),
    ...keptRequest(request),
    plan: { ...plan, source },
  };
}

async function createArrays(plan: Plan, output: OutputOfRun, access: StoreAccess): Promise<void> {
  for (const array of plannedOutput(plan, output).arrays) await createArray(array, access);
}

function arrayPaths(plan: Plan, url: string): string[] {
  return plannedOutput(plan, { url }).arrays.map(({ array }) => array);
}

/** How a job ended, and when. */
type Ending = NonNullable<JobRecord["ending"]>;

/** The ending of whichever process came first. */
async function agreedEnding(store: Store, run: string, own: Ending): Promise<Ending> {
  return (await changeJob(store, run, (job) => job.ending ? undefined : { ...job, ending: own })).ending!;
}

async function finish(
  store: Store,
  { plan, request, run, result, finished, windows }: Ending & {
    readonly plan: Plan;
    readonly request: JobRequest;
    readonly run: string;
    readonly windows: readonly ChannelWindow[] | undefined;
  },
): Promise<void> {
  const { planHash, source } = plan;
  const { summary, groups } = await tileTimes(store, { planHash, run }, plan.tiles);
  const provenance = provenanceOf(plan, request, { result, tiles: summary, finished });
  await assertRun(store, run);
  const bytes = encodeJson({ ...provenance, tiles: { ...summary, ...groups } });
  await store.put(PROVENANCE_KEY, bytes);
  await showOutput(store, plannedOutput(plan, { url: request.output.url, run }), {
    source: { ...withOptics(source, plan.psf), name: imageName(request.output.url) },
    windows,
    provenance,
    done: { planHash, result: { ...result, output: store.url }, finished },
    documents: { [PROVENANCE_KEY]: objectEntry(bytes) },
  });
}
