/**
 * Deconvolves regions of images in the browser, by the plan, the decisions and the kernels that a job has: what comes out is what a
 * job would store there. What does not depend on the settings that changed is kept from one run to the next.
 */
import type { PreviewProgress, PreviewRequest, PreviewResult } from "functions/view/page/preview/messages.ts";
import { emptyReason, leaveEmpty } from "functions/deconvolve/tile/empty_box.ts";
import { boxPart, type BoxTask, taskDataType } from "functions/deconvolve/tile/kernel_options.ts";
import { deconvolveBox } from "functions/deconvolve/tile/deconvolve_box.ts";
import { type Means, newMeans } from "functions/deconvolve/tile/means.ts";
import { chooseBackend, type ChosenBackend, createDeconvolver } from "kernels/backend.ts";
import type { VoxelData } from "kernels/deconvolver.ts";
import type { BackendChoice } from "shared/contract/algorithm.ts";
import { boxTask } from "shared/engine/tile_tasks.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { MAX_BOX_VOXELS } from "./fit_region.ts";
import { kept, type OpenedImages } from "./opened_images.ts";
import { type PlannedPreview, PreviewPlans } from "./preview_plans.ts";

/** Told how far a run is. */
type Tell = (progress: PreviewProgress) => void;

/** PSFs and boxes of voxels that are kept: those of the channels that are looked at. */
const KEPT = 4;

/** Deconvolves one region after the other. */
export class PreviewRunner {
  readonly #images: OpenedImages;
  readonly #plans: PreviewPlans;
  readonly #means: Means;
  readonly #boxes = new RecentCache<string, VoxelData>(KEPT);
  readonly #backends = new Map<string, Promise<ChosenBackend>>();

  constructor(images: OpenedImages) {
    this.#images = images;
    this.#plans = new PreviewPlans(images);
    const kernels = {
      // One at a time: what is computed is looked at before anything else is asked for.
      chooseBackend: async (choice: BackendChoice) => ({ ...await this.#device(choice), boxesAtOnce: 1 }),
      createDeconvolver,
    };
    const means = newMeans({ kernels, environment: NO_ENVIRONMENT, openCodecThreads: () => {} });
    this.#means = { ...means, psfs: new RecentCache(KEPT) };
  }

  /**
   * @throws {ClearstackError} what is wrong with the request, the image or the PSF; `no-device`, `device-lost`, `device-memory`;
   *   `cancelled` once the signal fires
   */
  async run(
    request: PreviewRequest,
    { signal, tell }: { readonly signal: AbortSignal; readonly tell: Tell },
  ): Promise<PreviewResult> {
    const started = performance.now();
    const { backend: choice = "auto" } = request;
    const device = await this.#device(choice);
    tell({ step: "psf", done: 0, total: 0 });
    const planned = await this.#plans.plan(request, { signal, backend: device.backend });
    const { plan, region, warnings } = planned;
    const volumes: Float32Array<ArrayBuffer>[] = [];
    let kernelSeconds = 0;
    let { adapter } = device;
    const total = plan.tiles * plan.algorithm.iterations;
    for (let index = 0; index < plan.tiles; index++) {
      const before = index * plan.algorithm.iterations;
      const onIterations = (done: number) => tell({ step: "iterate", done: before + done, total });
      tell({ step: "read", done: before, total });
      const computed = await this.#compute(planned, index, { device, signal, onIterations });
      kernelSeconds += computed.kernelSeconds;
      adapter = computed.adapter ?? adapter;
      volumes.push(computed.values);
    }
    const seconds = (performance.now() - started) / 1000;
    const { backend, reason } = device;
    const done = {
      region,
      box: plan.box,
      maxBoxVoxels: MAX_BOX_VOXELS,
      volumes,
      backend,
      adapter,
      reason,
      seconds,
      kernelSeconds,
      warnings,
    };
    return { ...done, record: recordOf(planned, done) };
  }

  #device(choice: BackendChoice): Promise<ChosenBackend> {
    return kept(this.#backends, choice, () => chooseBackend(choice));
  }

  async #compute(
    { plan, request }: PlannedPreview,
    index: number,
    { device, signal, onIterations }: {
      readonly device: ChosenBackend;
      readonly signal: AbortSignal;
      readonly onIterations: (done: number) => void;
    },
  ) {
    const task: BoxTask = boxTask({ plan, request, backend: device.backend }, tileAt(plan, index));
    const { tile: { box, core }, algorithm } = task;
    const values = await this.#read(task, signal);
    const volume = new Float32Array(voxelCount(core.shape));
    if (emptyReason(values, boxPart(task), algorithm) !== undefined) {
      copyBox({ box, values }, { box: core, values: volume });
      leaveEmpty(volume, volume, algorithm);
      return { values: volume, kernelSeconds: 0, adapter: undefined };
    }
    const { kernelSeconds, adapter } = await deconvolveBox(task, values, { ...this.#means, onIterations }, {
      into: volume,
      signal,
    });
    return { values: volume, kernelSeconds, adapter };
  }

  /** The voxels of a box, which nobody changes; kept, since settings change more often than regions. */
  async #read(task: BoxTask, signal: AbortSignal): Promise<VoxelData> {
    const { source, tile, repeated, algorithm: { boundary, boundaryValue, offset } } = task;
    const dataType = taskDataType(task);
    const { outer, box } = tile;
    const key = JSON.stringify([source, outer, box, repeated, boundary, boundaryValue, offset, dataType]);
    return await this.#boxes.get(key, async (shared) => {
      const image = { ...await this.#images.image(source.url), info: source };
      const options = { outer, box, boundary, repeated, boundaryValue, offset, dataType, signal: shared };
      return (await readBox(image, options)).values;
    }, signal);
  }
}

/** What was done, in the fields of the record that outputs carry. */
function recordOf(
  { plan, region }: PlannedPreview,
  { adapter, kernelSeconds, seconds, backend, warnings }: Omit<PreviewResult, "record">,
): Readonly<Record<string, unknown>> {
  const { algorithm, halo, box, psf } = plan;
  return {
    preview: true,
    algorithm,
    halo,
    box,
    backend,
    psf: psf.channels ?? psf,
    tile: region.shape,
    tiles: { count: plan.tiles, adapters: { [adapter]: plan.tiles }, kernelSeconds, seconds },
    warnings,
  };
}
