/**
 * The work of every thread in every job. All threads walk through the same sweeps; within one they share the work out, and
 * each piece of it gives the same result whoever does it.
 */
import type { Box } from "shared/volume/geometry.ts";
import type { Divergence, Volume } from "kernels/deconvolver.ts";
import { intersection } from "kernels/part.ts";
import { backTransferRows } from "../steps/back_projector.ts";
import { ImageExchange } from "../steps/image_exchange.ts";
import type { Kernels } from "../steps/kernel_module.ts";
import { Measurement } from "../steps/measurement.ts";
import type { Job, Outcome, RunJob, ThreadSetup } from "./messages.ts";
import { unobservedValue } from "../steps/photon_model.ts";
import { PlaneSweeps } from "../steps/plane_sweeps.ts";
import { EPSILON_ADDRESS, HELD_OUT_RATIO_ADDRESS, MOMENTUM_ADDRESS, SharedControl } from "./shared_control.ts";
import { Variation } from "../steps/total_variation.ts";

/** Smallest positive normal float32: keeps the division defined for data that are almost 0. */
const TINY = 2 ** -126;

const DONE: Outcome = { status: "done", divergence: [] };

export class ThreadProgram {
  readonly #setup: ThreadSetup;
  readonly #control: SharedControl;
  readonly #sweeps: PlaneSweeps;

  constructor(setup: ThreadSetup) {
    const { module, memory, layout, thread, threads } = setup;
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
    this.#setup = setup;
    this.#control = new SharedControl(memory, threads);
    this.#sweeps = new PlaneSweeps(layout, kernels, this.#control, { scratch: layout.scratch[thread], threads });
  }

  execute(job: Job): Outcome {
    const steps = this.steps(job);
    for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
  }

  /** As {@link execute}, one iteration at a time. */
  *steps(job: Job): Generator<void, Outcome> {
    // Made for each job, because views do not follow a memory that has grown.
    const images = new ImageExchange(this.#setup.layout, this.#setup.memory);
    if (job.kind === "run") return yield* this.#run(job, images);
    this.#forEachGroup((group) => images.read(group, job.kind === "prepare" ? "estimate" : "heldOut"));
    if (job.kind === "prepare") this.#prepare(job.unmatched);
    return DONE;
  }

  #prepare(unmatched: Volume | undefined): void {
    const { layout, memory } = this.#setup;
    this.#sweeps.forward("row_forward", "estimate");
    this.#sweeps.depth("depth_transfer");
    if (unmatched) this.#control.sweep(layout.box[1], backTransferRows(layout, memory, unmatched));
  }

  *#run(job: RunJob, images: ImageExchange): Generator<void, Outcome> {
    const { iterations, observed, start, measureEvery } = job;
    this.#forEachGroup(
      (group) => images.readData(group, observed, unobservedValue(this.#setup.settings)),
      () => this.#summarise(job, images),
    );
    const { sum, peak, badVoxel } = this.#control.summary;
    if (badVoxel >= 0) return { status: "corrupt", divergence: [] };
    if (this.#setup.layout.images.weights !== undefined) this.#computeWeights(observed, images);
    const mean = job.mean ?? sum / (observed.shape[0] * observed.shape[1] * observed.shape[2]);
    this.#start(observed, images, mean, start === "flat");

    const divergence: Divergence[] = [];
    const predicted = this.#setup.settings.acceleration === "biggs";
    if (!predicted) this.#sweeps.forward("row_forward", "estimate");
    for (let iteration = 1; iteration <= iterations; iteration++) {
      if (predicted) this.#sweeps.forward("row_predict", "estimate");
      this.#sweeps.depth("depth_convolve");
      const measuring = peak > 0 && measureEvery > 0 && (iteration - 1) % measureEvery === 0;
      if (measuring) divergence.push(this.#measureRatio(iteration - 1, job, images));
      else this.#sweeps.between("row_ratio", "data");
      this.#sweeps.depth("depth_correlate");
      if (this.#setup.layout.images.variation !== undefined) this.#vary(predicted ? "predicted" : "estimate");
      if (predicted) this.#advance(images);
      else this.#update(iteration, iteration === iterations);
      if (this.#control.stopped) return { status: "stopped", divergence };
      yield;
    }
    this.#forEachGroup((group) => images.write(group, "estimate"));
    return { status: "done", divergence };
  }

  #summarise({ heldOutRatio }: RunJob, images: ImageExchange): void {
    this.#control.summary = images.summarise();
    this.#control.setParameter(EPSILON_ADDRESS, this.#small(1e-6));
    this.#control.setParameter(HELD_OUT_RATIO_ADDRESS, heldOutRatio ?? 0);
    // What the first iteration extrapolates with: shb its result, with (k - 1) / (k + 2) for k = 2; biggs its start.
    const heavyBall = this.#setup.settings.acceleration === "shb";
    this.#control.setParameter(MOMENTUM_ADDRESS, heavyBall ? 1 / 4 : 0);
    this.#control.setMinPoint(heavyBall ? this.#minPoint() : 0, this.#setup.layout.box[1]);
  }

  /** `1 / Bt g`: the back-projected mask of observed voxels. */
  #computeWeights(observed: Box, images: ImageExchange): void {
    this.#forEachGroup((group) => images.fill(group, "estimate", observed, { inside: 1, outside: 0 }));
    this.#sweeps.forward("row_forward", "estimate");
    this.#sweeps.depth("depth_correlate");
    this.#sweeps.backward("row_inverse", "weights");
    this.#forEachGroup((group) => images.invertWeights(group));
  }

  /** First estimates: the data without background where they are observed, their mean elsewhere or, if `flat`, everywhere. */
  #start(observed: Box, images: ImageExchange, mean: number, flat: boolean): void {
    const { layout, settings: { background = 0 } } = this.#setup;
    const outside = Math.max(mean - background, mean / 10);
    const fill = flat ? { inside: outside, outside } : { background, outside };
    this.#forEachGroup((group) => {
      images.fill(group, "estimate", observed, fill);
      if (layout.images.previous !== undefined) images.fill(group, "previous", observed, fill);
      if (layout.images.change !== undefined) images.fill(group, "change", observed, { inside: 0, outside: 0 });
    });
  }

  #measureRatio(iteration: number, { observed, measured, heldOutRatio }: RunJob, images: ImageExchange): Divergence {
    const { layout, memory, thread } = this.#setup;
    const part = intersection(observed, measured);
    const measurement = new Measurement(layout, memory, { scratch: layout.scratch[thread], part });
    const held = heldOutRatio !== undefined;
    this.#sweeps.measure(held ? "row_measure_held_out" : "row_measure", measurement);
    if (thread !== 0) return { iteration, fit: NaN };
    // The next sweep that writes sums cannot end before this thread has come to it.
    const [fit, heldOut] = images.totals();
    return held ? { iteration, fit, heldOut } : { iteration, fit };
  }

  #vary(image: "estimate" | "predicted"): void {
    const { layout, memory, settings: { totalVariation: weight = 0, totalVariationSmoothing = 1e-3 } } = this.#setup;
    const variation = new Variation(layout, memory);
    const smoothing = this.#small(totalVariationSmoothing);
    this.#forEachGroup((group) => variation.compute(group, image, { weight, smoothing }));
  }

  #update(iteration: number, last: boolean): void {
    const finish = () => {
      // For the next update, whose result iteration k = iteration + 2 starts from: (k - 1) / (k + 2), Wang & Miller, IEEE
      // Trans. Image Process. 23 (2014) 848-854.
      this.#control.setParameter(MOMENTUM_ADDRESS, (iteration + 1) / (iteration + 4));
      this.#control.endIteration();
    };
    if (last) this.#sweeps.backward("row_finish", "estimate", finish);
    else this.#sweeps.between("row_update", "estimate", finish);
  }

  /** Biggs & Andrews, Appl. Opt. 36 (1997) 1766-1775: the momentum needs sums over the whole box before it is applied. */
  #advance(images: ImageExchange): void {
    this.#sweeps.backward("row_advance", "estimate", () => {
      const [oldTimesNew, oldSquared] = images.totals();
      const momentum = oldSquared > 0 ? Math.min(1, Math.max(0, oldTimesNew / oldSquared)) : 0;
      this.#control.setParameter(MOMENTUM_ADDRESS, momentum);
      this.#control.setMinPoint(this.#minPoint(), this.#setup.layout.box[1]);
      this.#control.endIteration();
    });
  }

  /** The least that a voxel is extrapolated to; data without a positive value stay 0. */
  #minPoint(): number {
    return this.#control.summary.peak > 0 ? 1e-4 * this.#scale : 0;
  }

  /** A fraction of the intensity of the image, above 0 for any image. */
  #small(fraction: number): number {
    return Math.max(fraction * this.#scale, TINY);
  }

  get #scale(): number {
    return this.#setup.settings.scale ?? this.#control.summary.peak;
  }

  #forEachGroup(work: (group: number) => void, last?: () => void): void {
    const { box, groups } = this.#setup.layout;
    this.#control.sweep(box[0] * groups, work, last);
  }
}
