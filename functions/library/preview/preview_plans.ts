/** Plans of regions: as a job of that part of the image is planned, in one tile. */
import { loadJobPsf } from "functions/orchestrate/plan/load_job_psf.ts";
import { refuseOwnPsf } from "functions/orchestrate/plan/refuse_own_psf.ts";
import type { PreviewRequest } from "functions/view/page/preview/messages.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Decisions } from "shared/contract/decisions.ts";
import type { Device } from "shared/contract/device.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import { runPilot } from "shared/decide/pilot.ts";
import type { Engine } from "shared/engine/engine.ts";
import { ClearstackError } from "shared/errors.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";
import { invalidRequest } from "shared/invalid_request.ts";
import { planJob } from "shared/plan/plan_job.ts";
import { decidedPlan, needsPilot } from "shared/plan/tile_algorithm.ts";
import { unlessAborted } from "shared/process/unless_aborted.ts";
import { openComputedPsfs, openPsf } from "shared/psf/load_psf.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { type Box, voxelCount } from "shared/volume/geometry.ts";
import { fitRegion, MAX_BOX_VOXELS } from "./fit_region.ts";
import { kept, type OpenedImages, withVoxelSize } from "./opened_images.ts";

/** A region that may be computed. */
export interface PlannedPreview {
  /** With everything decided. */
  readonly plan: Plan;
  readonly request: JobRequest;
  readonly region: Box;
  readonly warnings: readonly Warning[];
}

type LoadedPsf = Awaited<ReturnType<typeof loadJobPsf>>;

/** Nothing is written there; a request has to name an output. */
const NO_OUTPUT = "memory:preview";

/** With a fixed number of iterations nothing has to be run before. */
const NO_ENGINE: Engine = {
  fanOut: () => Promise.reject(new ClearstackError("internal", "a preview has no tiles to decide by")),
};

/** Plans, and what they share. */
export class PreviewPlans {
  readonly #images: OpenedImages;
  readonly #psfs = new Map<string, Promise<LoadedPsf>>();
  readonly #decisions = new Map<string, Promise<Decisions>>();

  constructor(images: OpenedImages) {
    this.#images = images;
  }

  /** @throws {ClearstackError} what is wrong with the request, the image or the PSF; `over-budget` */
  async plan(
    asked: PreviewRequest,
    { signal, backend }: { readonly signal: AbortSignal; readonly backend: Device["backend"] },
  ): Promise<PlannedPreview> {
    const { info } = await this.#images.image(asked.url);
    const stored = asked.voxelMicrometre === undefined ? info : withVoxelSize(info, asked.voxelMicrometre);
    const request = jobRequest(asked, stored);
    const whole = selectVolumes(stored, { ...request.select, box: undefined });
    const psf = await this.#psf(request, { stored, selected: whole }, signal);
    const { region, plan: undecided } = fitRegion(
      asked.wanted,
      (region) => planRegion(request, region, { stored, psf }),
    );
    const sized = withRegion(request, region);
    const plan = needsPilot(undecided.algorithm)
      ? decidedPlan(undecided, await this.#decide(undecided, sized, { signal, backend }))
      : undecided;
    return { plan, request: sized, region, warnings: [...stored.warnings ?? [], ...psf.warnings] };
  }

  async #psf(
    request: JobRequest,
    image: { readonly stored: ImageInfo; readonly selected: ImageInfo },
    signal: AbortSignal,
  ): Promise<LoadedPsf> {
    const { psf, algorithm: { boundary }, psfPlane, psfSpacing } = request;
    const key = JSON.stringify([psf, image.selected, boundary, psfPlane, psfSpacing]);
    // Not given up with the run that asked first: the next one, of other settings, wants the same.
    const loaded = kept(this.#psfs, key, async () => {
      const opened = "optics" in psf ? openComputedPsfs(psf.optics, image.selected) : await Promise.all(
        psfLocations(request).map((location) => openPsf(location, { environment: NO_ENVIRONMENT })),
      );
      await refuseOwnPsf(image.stored, opened, NO_ENVIRONMENT);
      return await loadJobPsf(request, opened, image);
    });
    return await unlessAborted(loaded, signal);
  }

  async #decide(
    plan: Plan,
    request: JobRequest,
    { signal, backend }: { readonly signal: AbortSignal; readonly backend: Device["backend"] },
  ): Promise<Decisions> {
    const { iterations, background, boundary, seed } = plan.algorithm;
    const { url, selection: { channels, times } = {} } = plan.source;
    const key = JSON.stringify([url, channels, times, background, boundary, seed]);
    const device: Device = {
      ...{ backend, adapter: "", reason: "", hostBytes: Infinity, deviceBytes: Infinity },
      ...{ computeOnHost: backend === "cpu", boxesAtOnce: 1 },
    };
    const pilot = kept(this.#decisions, key, async () => {
      const options = { environment: NO_ENVIRONMENT, onRetry: () => {}, tell: () => {} };
      return (await runPilot({ plan, device }, request, NO_ENGINE, options)).decisions;
    });
    return { ...await unlessAborted(pilot, signal), iterations };
  }
}

function jobRequest({ url, psf, channels, time, algorithm, backend }: PreviewRequest, { axes }: ImageInfo): JobRequest {
  const has = (name: string) => axes.some((axis) => axis.name === name);
  const select = {
    ...(has("c") ? { channels: [...channels] } : {}),
    ...(has("t") ? { times: { start: time, stop: time + 1 } } : {}),
  };
  const input = {
    source: { url },
    psf,
    output: { url: NO_OUTPUT, pyramid: "none" },
    algorithm: { ...algorithm, stop: "fixed" },
    backend,
    ...(Object.keys(select).length === 0 ? {} : { select }),
  };
  const { success, data, error } = JobRequestSchema.safeParse(input);
  if (success) return data;
  throw invalidRequest(error.issues, input);
}

/** The request for a region, as one tile. */
function withRegion(request: JobRequest, { start, shape }: Box): JobRequest {
  const range = (axis: 0 | 1 | 2): [number, number] => [start[axis], start[axis] + shape[axis]];
  const box = { z: range(0), y: range(1), x: range(2) };
  return { ...request, select: { ...request.select, box }, tiling: { ...request.tiling, tile: shape } };
}

function planRegion(
  request: JobRequest,
  region: Box,
  { stored, psf }: { readonly stored: ImageInfo; readonly psf: LoadedPsf },
): Plan {
  const sized = withRegion(request, region);
  return planJob(selectVolumes(stored, sized.select), psf.info, sized, {
    hostBytes: Infinity,
    // Counted in voxels: what a voxel takes differs between devices, and none tells how much it has.
    deviceBytes: MAX_BOX_VOXELS,
    compute: (box) => ({ box: voxelCount(box) }),
    boxesAtOnce: 1,
    computeOnHost: false,
    readCostIterations: 0,
  });
}
