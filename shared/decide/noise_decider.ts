/** Decides the iterations of each channel by its noise, for a pilot. */
import { counted } from "shared/counted.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import { psfOf } from "shared/engine/tile_tasks.ts";
import type { Image } from "shared/image/image.ts";
import type { BrightVoxel } from "shared/image/read/sample_voxels.ts";
import { mostIterations, plannedIterations } from "shared/plan/iteration_bounds.ts";
import type { Psf } from "shared/psf/fit_psf.ts";
import { loadTaskPsf } from "shared/psf/load_task_psf.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { channelLabel } from "shared/volume/channels.ts";
import { readNoiseBoxes } from "./noise_boxes.ts";
import { noiseLimit } from "./noise_limit.ts";
import { iterationsByNoise } from "./noise_rule.ts";
import type { StopDecision } from "./stop_rule.ts";

interface Decided {
  readonly plan: Plan;
  readonly request: JobRequest;
  readonly image: Image;
}

/** Takes one channel after the other. */
export class NoiseDecider {
  readonly #decided: Decided;
  readonly #access: StoreAccess;
  readonly #channels: StopDecision[] = [];
  /** The PSF of the channel before, which may be that of the next one. */
  #psf: { readonly sha256: string; readonly volume: Psf["volume"] } | undefined;
  #bytesRead = 0;

  constructor(decided: Decided, access: StoreAccess) {
    this.#decided = decided;
    this.#access = access;
  }

  /** Stored bytes fetched of the image so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * The iterations of a channel.
   *
   * @param bright places of a sample of it
   * @throws {ClearstackError} what reading the image or its PSF throws
   */
  async decide(channel: number, bright: readonly BrightVoxel[]): Promise<number> {
    const { plan, request, image } = this.#decided;
    const { shape, boxes, bytesRead } = await readNoiseBoxes(image, bright, this.#access);
    this.#bytesRead += bytesRead;
    const task = psfOf({ plan, request }, channel);
    if (this.#psf?.sha256 !== task.psfSha256) {
      const { volume } = await loadTaskPsf(task, this.#access);
      this.#psf = { sha256: task.psfSha256, volume };
    }
    const bounds = { noisy: plannedIterations(plan.algorithm), most: mostIterations(plan) };
    const decision = iterationsByNoise(noiseLimit(boxes, shape, this.#psf.volume), bounds);
    this.#channels.push(decision);
    return decision.iterations;
  }

  /** The most iterations of any channel, and why. */
  outcome(): StopDecision {
    const [first, ...others] = this.#channels;
    if (others.length === 0) return first!;
    const { source } = this.#decided.plan;
    const reasons = this.#channels.map(({ iterations, reason }, channel) =>
      `channel ${channelLabel(source, channel)}: ${counted(iterations, "iteration")}, ${reason}`
    );
    return { iterations: Math.max(...this.#channels.map(({ iterations }) => iterations)), reason: reasons.join("; ") };
  }
}
