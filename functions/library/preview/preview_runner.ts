/**
 * Deconvolves regions of images in the browser, by the plan, the decisions and the kernels that a job has: what comes out is what a
 * job would store there. What does not depend on the settings that changed is kept from one run to the next.
 */
import type { PreviewProgress, PreviewRequest, PreviewResult } from "functions/view/page/preview/messages.ts";
import { DeconvolverPool } from "functions/deconvolve/deconvolver_pool.ts";
import { cropCore } from "functions/deconvolve/crop_core.ts";
import { emptyReason, leaveEmpty } from "functions/deconvolve/empty_box.ts";
import { assertFiniteCore } from "functions/deconvolve/finite_core.ts";
import {
  boxPart,
  type BoxTask,
  deconvolverOptions,
  runOptions,
  taskDataType,
} from "functions/deconvolve/kernel_options.ts";
import { chooseBackend, type ChosenBackend, createDeconvolver } from "kernels/backend.ts";
import type { VoxelData } from "kernels/deconvolver.ts";
import { boxTask } from "shared/engine/tile_tasks.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import type { Psf } from "shared/psf/fit_psf.ts";
import { loadPsf } from "shared/psf/load_psf.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
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
  readonly #pool = new DeconvolverPool({ chooseBackend, createDeconvolver });
  readonly #psfs = new RecentCache<string, Psf>(KEPT);
  readonly #boxes = new RecentCache<string, VoxelData>(KEPT);
  readonly #backends = new Map<string, Promise<ChosenBackend>>();

  constructor(images: OpenedImages) {
    this.#images = images;
    this.#plans = new PreviewPlans(images);
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
    const device = await kept(this.#backends, choice, () => chooseBackend(choice));
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
    const done = { region, box: plan.box, volumes, backend, adapter, reason, seconds, kernelSeconds, warnings };
    return { ...done, record: recordOf(planned, done) };
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
    const { backend } = device;
    const task: BoxTask = boxTask({ plan, request, backend }, tileAt(plan, index));
    const { tile, psfSha256, algorithm } = task;
    const values = await this.#read(task, signal);
    const core = (box: Float32Array) => cropCore(box, tile) as Float32Array<ArrayBuffer>;
    if (emptyReason(values, boxPart(task), algorithm) !== undefined) {
      const left = new Float32Array(values.length);
      leaveEmpty(values, left, algorithm);
      return { values: core(left), kernelSeconds: 0, adapter: undefined };
    }
    const psf = await this.#psfs.get(
      JSON.stringify([task.psf, psfSha256]),
      () => loadPsf(task.psf, { fit: task.psfFit, environment: NO_ENVIRONMENT }),
      signal,
    );
    const dataType = backend === "webgpu" && values instanceof Uint16Array ? { dataType: "uint16" as const } : {};
    const wish = { ...deconvolverOptions(task), ...dataType, backend, boxesAtOnce: 1, psfSha256, psf: psf.volume };
    const result = await this.#pool.run(wish, values, { ...runOptions(task), signal, onIterations });
    assertFiniteCore(result.estimate, values, tile);
    return { values: core(result.estimate), kernelSeconds: result.kernelSeconds, adapter: result.adapter };
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
