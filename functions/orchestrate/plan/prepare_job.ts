/** Everything about a job that can be known before anything is written. */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { assertOutputName, computedRequest, isTiffOutput } from "shared/image/output_form.ts";
import type { Plan } from "shared/contract/plan.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { Device } from "shared/contract/device.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { answeredRequests } from "shared/image/series_requests.ts";
import { listSeries } from "shared/image/list_series.ts";
import { openImage } from "shared/image/open_image.ts";
import { refuseEmpty } from "shared/image/refuse_empty.ts";
import { JOB_KEY } from "shared/image/output/output_layout.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";
import { withSpan } from "shared/telemetry/span.ts";
import type { Limits } from "shared/plan/plan_job.ts";
import { planJob } from "shared/plan/plan_job.ts";
import { openComputedPsfs, type OpenPsf, openPsf } from "shared/psf/load_psf.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { unlessAborted } from "shared/process/unless_aborted.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { splitObject } from "shared/storage/url.ts";
import type { ClaimInputs } from "./compute_claim.ts";
import { loadJobPsf } from "./load_job_psf.ts";
import { refuseOwnPsf } from "./refuse_own_psf.ts";

/**
 * Reading one voxel in voxel iterations: decoding uint16 takes about 4 ns a voxel, an iteration 12 ns on two CPU cores and
 * about 0.1 ns on a data-centre GPU.
 */
const CPU_READ_COST = 0.3;
const GPU_READ_COST = 40;

/** PSFs whose metadata are read at the same time. */
const PSFS_AT_ONCE = 4;

/** The machines, as planning must know them. */
export interface PlanningDeps extends Pick<StoreAccess, "environment"> {
  /** Device of a job that asks for this backend. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
  /** The claim of a job's kernels on memory. */
  readonly computeClaim: (device: Device, request: JobRequest, inputs: ClaimInputs) => Limits["compute"];
}

/** A job that may start. */
export interface PreparedJob {
  readonly plan: Plan;
  readonly device: Device;
}

/**
 * Reads the metadata of the source and the PSF, and plans.
 *
 * @throws {ClearstackError} what is wrong with the request, the source, the PSF or the plan
 */
export async function prepareJob(
  asked: JobRequest,
  deps: PlanningDeps,
  signal?: AbortSignal,
): Promise<PreparedJob> {
  return await withSpan("plan", {}, () => unlessAborted(prepare(asked, deps, signal), signal));
}

async function prepare(asked: JobRequest, deps: PlanningDeps, signal: AbortSignal | undefined): Promise<PreparedJob> {
  // What is continued was accepted once, by a version that may have taken other names.
  if (asked.output.ifExists !== "resume") assertOutputName(asked.output.url);
  const request = computedRequest(asked);
  const access = { environment: deps.environment, signal };
  if (request.source.series !== undefined) throw await severalJobs(request, access);
  // Finding the device may mean starting a process; meanwhile there is something to read.
  const [device, source, psfs] = await Promise.all([
    deps.device(request.backend),
    openImage(request.source, access),
    mapLimited(psfLocations(request), PSFS_AT_ONCE, (location) => openPsf(location, access)),
  ]);
  const { info: stored, openedMs } = source;
  await refuseOwnPsf(stored, psfs, deps.environment);
  await refuseEmpty(source, request.source, { signal });
  const image = plannedAt(selectVolumes(stored, request.select), openedMs);
  // A caller may ask for less than the machine gives, and not for more.
  const hostBytes = Math.min(request.memoryBytes ?? Infinity, device.hostBytes);
  const opened = openedFor(request, image, psfs);
  const psf = await loadJobPsf(request, opened, { stored, selected: image }, { signal, hostBytes });
  if (request.strict) refuseWarnings([...stored.warnings ?? [], ...psf.warnings]);
  const limits: Limits = {
    hostBytes,
    deviceBytes: device.deviceBytes,
    compute: deps.computeClaim(device, request, {
      dtype: image.dtype,
      symmetricPsf: psf.symmetric,
    }),
    boxesAtOnce: device.boxesAtOnce,
    computeOnHost: device.computeOnHost,
    readCostIterations: device.backend === "webgpu" && !device.computeOnHost ? GPU_READ_COST : CPU_READ_COST,
  };
  const plan = planJob(image, psf.info, request, limits);
  const continued = await continuedPlan(
    { request, plan, ...access },
    (tile) => planJob(image, psf.info, { ...request, tiling: { ...request.tiling, tile } }, limits),
  );
  if (isTiffOutput(asked.output.url)) {
    const { tiffForm } = await import("shared/image/tiff/write_tiff.ts");
    tiffForm({ ...image, dtype: plan.outputDtype }, splitObject(asked.output.url).key);
  }
  const warnings = [...stored.warnings ?? [], ...psf.warnings, ...continued.warnings];
  return { plan: { ...continued, warnings }, device };
}

/** The PSFs that were opened, or those to be computed for the image. */
export function openedFor(request: JobRequest, image: ImageInfo, opened: readonly OpenPsf[]): readonly OpenPsf[] {
  return "optics" in request.psf ? openComputedPsfs(request.psf.optics, image) : opened;
}

function plannedAt({ plannedMs: _, ...source }: ImageInfo, timeMs: number | undefined): ImageInfo {
  return { ...source, ...(timeMs === undefined ? {} : { plannedMs: timeMs }) };
}

/** Images that a message lists before it leaves the rest out. */
const MAX_LISTED = 8;

/** A plan is of one image, as a job is. */
async function severalJobs(request: JobRequest, access: StoreAccess): Promise<ClearstackError> {
  const paths = await listSeries(request.source, access);
  // What no submission could make jobs of is the news.
  answeredRequests(request, paths);
  const named = paths.slice(0, MAX_LISTED).join(", ") + (paths.length > MAX_LISTED ? ", ..." : "");
  return new ClearstackError(
    "invalid-request",
    `a plan is of one image: leave out series, and name an image by its path as source.path (${paths.length}: ${named})`,
    { path: "source.series", value: paths },
  );
}

/**
 * The plan that an output was begun with, if the request still asks for it, else the plan itself. What is read must be as old as
 * what earlier runs have read, so the source keeps the time of the first plan.
 */
async function continuedPlan(
  { request, plan, ...access }: StoreAccess & { readonly request: JobRequest; readonly plan: Plan },
  replan: (tile: Plan["tile"]) => Plan,
): Promise<Plan> {
  if (request.output.ifExists === "overwrite") return plan;
  const begun = await readBegunPlan(request.output.url, access);
  const same = begun?.planHash === plan.planHash ? plan : begun && replanned(begun, request, replan);
  return same === undefined ? plan : { ...same, source: plannedAt(same.source, begun!.source.plannedMs) };
}

/** What a strict request refuses; notes of what was adapted are not among it. */
function refuseWarnings(warnings: readonly Warning[]): void {
  const found = warnings.filter(({ level }) => level === "warning");
  if (found.length === 0) return;
  const messages = found.map(({ message }) => message).join("; ");
  throw new ClearstackError("invalid-request", `refused by --strict: ${messages}`, { path: "strict", value: found });
}

/**
 * The tile that `auto` stands for depends on the memory that happens to be free. An output that was begun is therefore
 * continued with its own tile, as long as that tile still fits and makes the same plan in all other respects.
 */
function replanned(begun: Plan, { tiling }: JobRequest, replan: (tile: Plan["tile"]) => Plan): Plan | undefined {
  if (tiling.tile !== "auto") return undefined;
  try {
    const again = replan(begun.tile);
    return again.planHash === begun.planHash ? again : undefined;
  } catch (error) {
    if (isClearstackError(error, "over-budget")) return undefined;
    throw error;
  }
}

async function readBegunPlan(url: string, { environment, signal }: StoreAccess): Promise<Plan | undefined> {
  const store = openStore(url, { environment });
  const record = await store.get(JOB_KEY, { signal });
  if (record === undefined) return undefined;
  try {
    return PlanSchema.safeParse(JSON.parse(new TextDecoder().decode(record)).plan).data;
  } catch {
    return undefined;
  }
}
