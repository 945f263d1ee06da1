/**
 * What every thread does in every job. All threads walk through the same sweeps; within one they share the work out, and
 * each piece of it gives the same result whoever does it.
 */
import { ImageExchange, type Observed } from "./image_exchange.ts";
import type { Kernels } from "./kernel_module.ts";
import type { Job, Outcome, ThreadSetup } from "./messages.ts";
import { PlaneSweeps } from "./plane_sweeps.ts";
import { EPSILON_ADDRESS, MOMENTUM_ADDRESS, SharedControl } from "./shared_control.ts";

/** Smallest positive normal float32: keeps the division defined for data that are almost 0. */
const TINY = 2 ** -126;

export class ThreadProgram {
  readonly #setup: ThreadSetup;
  readonly #control: SharedControl;
  readonly #images: ImageExchange;
  readonly #sweeps: PlaneSweeps;

  constructor(setup: ThreadSetup) {
    const { module, memory, layout, thread, threads } = setup;
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
    this.#setup = setup;
    this.#control = new SharedControl(memory, threads);
    this.#images = new ImageExchange(layout, memory);
    this.#sweeps = new PlaneSweeps(layout, kernels, this.#control, { scratch: layout.scratch[thread], threads });
  }

  execute(job: Job): Outcome {
    return job.kind === "prepare" ? this.#prepare() : this.#run(job);
  }

  #prepare(): Outcome {
    this.#forEachGroup((group) => this.#images.read(group, "estimate"));
    this.#sweeps.forward("row_forward", "estimate");
    this.#sweeps.depth("depth_transfer");
    return "done";
  }

  #run({ iterations, start, observed }: Job & { kind: "run" }): Outcome {
    this.#forEachGroup((group) => this.#images.readData(group, observed), () => this.#summarise());
    const { sum, badVoxel } = this.#control.summary;
    if (badVoxel >= 0) return "corrupt";
    if (this.#setup.layout.images.weights !== undefined) this.#computeWeights(observed);
    const mean = sum / (observed.shape[0] * observed.shape[1] * observed.shape[2]);
    this.#start(observed, mean, start === "flat" ? mean : undefined);
    const predicted = this.#setup.acceleration === "biggs";
    if (!predicted) this.#sweeps.forward("row_forward", "estimate");
    for (let iteration = 1; iteration <= iterations; iteration++) {
      if (predicted) this.#iteratePredicted();
      else this.#iterate(iteration, iteration === iterations);
      if (this.#control.stopped) return "stopped";
    }
    this.#forEachGroup((group) => this.#images.write(group, "estimate"));
    return "done";
  }

  /** First estimates: `inside`, or the data where it is not given, within `observed`, `outside` elsewhere. */
  #start(observed: Observed, outside: number, inside?: number): void {
    const { images } = this.#setup.layout;
    this.#forEachGroup((group) => {
      this.#images.fill(group, "estimate", observed, outside, inside);
      if (images.previous !== undefined) this.#images.fill(group, "previous", observed, outside, inside);
      if (images.change !== undefined) this.#images.fill(group, "change", observed, 0, 0);
    }, () => this.#control.setParameter(MOMENTUM_ADDRESS, 0));
  }

  #iterate(iteration: number, last: boolean): void {
    this.#sweeps.depth("depth_convolve");
    this.#sweeps.between("row_ratio", "data", () => {
      // Momentum of the next iteration, (k - 1) / (k + 2): Wang & Miller, IEEE Trans. Image Process. 23 (2014) 848-854.
      this.#control.setParameter(MOMENTUM_ADDRESS, iteration / (iteration + 3));
    });
    this.#sweeps.depth("depth_correlate");
    if (last) this.#sweeps.backward("row_finish", "estimate");
    else this.#sweeps.between("row_update", "estimate", () => this.#control.decideStop());
  }

  /** Biggs & Andrews, Appl. Opt. 36 (1997) 1766-1775: the momentum needs sums over the whole box before it is applied. */
  #iteratePredicted(): void {
    this.#sweeps.forward("row_predict", "estimate");
    this.#sweeps.depth("depth_convolve");
    this.#sweeps.between("row_ratio", "data");
    this.#sweeps.depth("depth_correlate");
    this.#sweeps.backward("row_advance", "estimate", () => {
      const [oldTimesNew, oldSquared] = this.#images.totals();
      const momentum = oldSquared > 0 ? Math.min(1, Math.max(0, oldTimesNew / oldSquared)) : 0;
      this.#control.setParameter(MOMENTUM_ADDRESS, momentum);
      this.#control.decideStop();
    });
  }

  #summarise(): void {
    const summary = this.#images.summarise();
    this.#control.summary = summary;
    this.#control.setParameter(EPSILON_ADDRESS, Math.max(1e-6 * summary.peak, TINY));
  }

  /** `1 / Ht1`: the adjoint of the blur applied to the mask of observed voxels. */
  #computeWeights(observed: Observed): void {
    this.#forEachGroup((group) => this.#images.fill(group, "estimate", observed, 0, 1));
    this.#sweeps.forward("row_forward", "estimate");
    this.#sweeps.depth("depth_correlate");
    this.#sweeps.backward("row_inverse", "weights");
    this.#forEachGroup((group) => this.#images.invertWeights(group));
  }

  #forEachGroup(work: (group: number) => void, last?: () => void): void {
    const { box, groups } = this.#setup.layout;
    this.#control.sweep(box[0] * groups, work, last);
  }
}
