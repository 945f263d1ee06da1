/**
 * The life of an output: created before the first tile, continued after a crash, finished after the last tile. All that is
 * known of it is in the store.
 */
import type { Decisions } from "shared/contract/decisions.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Measurement } from "shared/contract/pilot.ts";
import type { Plan } from "shared/contract/plan.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { decidedPlan } from "shared/plan/tile_algorithm.ts";
import { VERSION } from "shared/version.ts";
import { versions } from "shared/process/versions.ts";
import { beginOutput, claimOutput, JobRecord } from "./claim_output.ts";
import { createArray } from "../zarr/create_array.ts";
import { decodeJson, encodeJson } from "../zarr/json.ts";
import type { ChannelWindow } from "../ome/channel_windows.ts";
import { plannedOutput } from "./level_arrays.ts";
import { JOB_KEY, LEVEL_0, PROVENANCE_KEY, recordsPrefix } from "./output_layout.ts";
import { removeOutput } from "./output_place.ts";
import { keptRequest, provenanceOf } from "./provenance.ts";
import { showOutput } from "./show_output.ts";
import { recordedTiles } from "./tile_records.ts";
import { tileTimes } from "./tile_times.ts";

/** Facts about an output besides its result. */
interface FinishOptions {
  /** Brightness of each channel. */
  readonly windows?: readonly ChannelWindow[];
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
  /** Decisions of a pilot of an earlier run; they hold for this run too. */
  readonly decisions?: Decisions;
  /** Result of the earlier run, where the output was already complete. */
  readonly earlierResult?: JobResult;
  /** Keeps what a pilot decided, and from what; tiles come after it. */
  decide(decisions: Decisions, measurements: readonly Measurement[]): Promise<void>;
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
export async function createOutput(plan: Plan, request: JobRequest, access: StoreAccess): Promise<Output> {
  const { url, ifExists } = request.output;
  const { planHash, omeVersion: version } = plan;
  const store = openStore(url, access);
  const psfs = psfLocations(request).map(({ url, path }) => ({ role: "PSF", url, path }));
  const inputs = [{ role: "source", url: request.source.url, path: plan.source.path }, ...psfs];
  const begun = await claimOutput(store, { planHash, version, ifExists, inputs, environment: access.environment });
  const resumed = begun !== undefined;
  if (resumed) await createArrays(plan, request, access);
  else await beginOutput(store, jobRecord(plan, request), () => createArrays(plan, request, access));
  const decisions = begun?.pilot?.decisions;
  let decided = decisions ? decidedPlan(plan, decisions) : plan;
  return {
    url: store.url,
    array: LEVEL_0,
    tilesDone: resumed ? await recordedTiles(store, recordsPrefix(decided.planHash)) : new Set(),
    resumed,
    ...(decisions ? { decisions } : {}),
    ...(begun?.finished && begun.result ? { earlierResult: begun.result } : {}),
    decide: async (decisions, measurements) => {
      decided = decidedPlan(plan, decisions);
      const pilot = { planHash: decided.planHash, decisions, measurements };
      const job = JobRecord.parse(decodeJson(await store.get(JOB_KEY)));
      await store.put(JOB_KEY, encodeJson({ ...job, pilot }));
    },
    finish: (result, options) => finish(store, { plan: decided, request, result, ...options }),
    discard: async () => {
      if (!resumed) await removeOutput(store, arrayPaths(plan, request));
    },
  };
}

/** Record that is written before anything else. */
function jobRecord(plan: Plan, request: JobRequest) {
  const source = { ...plan.source, url: redactUrl(plan.source.url) };
  return {
    version: VERSION,
    planHash: plan.planHash,
    arrays: arrayPaths(plan, request),
    versions: versions(),
    started: new Date().toISOString(),
    ...keptRequest(request),
    plan: { ...plan, source },
  };
}

async function createArrays(plan: Plan, request: JobRequest, access: StoreAccess): Promise<void> {
  for (const array of plannedOutput(plan, request.output.url).arrays) await createArray(array, access);
}

function arrayPaths(plan: Plan, request: JobRequest): string[] {
  return plannedOutput(plan, request.output.url).arrays.map(({ array }) => array);
}

async function finish(
  store: Store,
  { plan, request, result, windows }: FinishOptions & {
    readonly plan: Plan;
    readonly request: JobRequest;
    readonly result: JobResult;
  },
): Promise<void> {
  const finished = new Date().toISOString();
  const { summary, groups } = await tileTimes(store, plan.planHash, plan.tiles);
  const provenance = provenanceOf(plan, request, { result, tiles: summary, finished });
  await store.put(PROVENANCE_KEY, encodeJson({ ...provenance, tiles: { ...summary, ...groups } }));
  await showOutput(store, plannedOutput(plan, request.output.url), {
    source: plan.source,
    windows,
    provenance,
    done: { planHash: plan.planHash, result: { ...result, output: store.url }, finished },
  });
}
