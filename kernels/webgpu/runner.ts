/**
 * One box on one device: its buffers and passes, and the loop that feeds them. Runs in the Worker.
 */
import { ClearstackError } from "shared/errors.ts";
import { sameShape, type Vec3, voxelCount } from "shared/geometry.ts";
import type { RunOptions, RunResult, Volume } from "../deconvolver.ts";
import { psfBox } from "../psf_box.ts";
import { nextBatch } from "./batch.ts";
import { DeviceBuffers } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { withErrorScopes } from "./error_scopes.ts";
import { encodePasses, type PipelineCache, type PreparedPass } from "./encoder.ts";
import {
  dataRows,
  DataStatistics,
  isWholeBox,
  type Observed,
  observedRows,
  type RowFiller,
  wholeBox,
} from "./input.ts";
import { cappedLimits, type GpuLimits } from "./limits.ts";
import type { Stage } from "./pass.ts";
import { partBuffer } from "./pass_maker.ts";
import { type Program, type ProgramOptions, rlProgram } from "./rl_program.ts";
import { parameterValues } from "./row_stages.ts";
import { download, stagingRequests, upload, UPLOAD_BYTES } from "./transfer.ts";

/** What a runner is made for. */
export interface RunnerOptions extends ProgramOptions {
  readonly box: Vec3;
  readonly psf: Volume;
  /** See `DeconvolverOptions`. */
  readonly scale?: number;
  /** Lower limits than the adapter's, to have boxes cut into more buffers. */
  readonly limitCaps?: Partial<GpuLimits>;
}

/** One run; see kernels/deconvolver.ts. */
export interface RunnerRun extends Omit<RunOptions, "signal"> {
  /** Asked between batches. */
  readonly isCancelled: () => boolean;
}

/** The passes of a program, bound to buffers. */
type Prepared = Readonly<Record<"otf" | "weights" | "start" | "iteration", PreparedPass[]>>;

/** Deconvolves boxes of one shape. */
export class Runner {
  readonly #device: GPUDevice;
  readonly #program: Program;
  readonly #options: RunnerOptions;
  readonly #buffers: DeviceBuffers;
  readonly #passes: Prepared;
  /** The observed box that the weights on the device are for. */
  #weightsFor: Observed | undefined;
  #secondsPerIteration: number | undefined;

  private constructor(
    gpu: Gpu,
    made: { options: RunnerOptions; program: Program; buffers: DeviceBuffers; passes: Prepared },
  ) {
    this.#device = gpu.device;
    this.#options = made.options;
    this.#program = made.program;
    this.#buffers = made.buffers;
    this.#passes = made.passes;
  }

  /** Allocates, compiles and computes the OTF. */
  static async create(gpu: Gpu, pipelines: PipelineCache, options: RunnerOptions): Promise<Runner> {
    const program = rlProgram(options.box, options, cappedLimits(gpu.limits, options.limitCaps ?? {}));
    const placed = psfBox(options.psf, options.box);
    const buffers = await DeviceBuffers.allocate(gpu.device, [
      ...program.buffers.map(({ name, bytes, usage }) => ({ name, bytes, usage: USAGE[usage] })),
      ...stagingRequests(4 * voxelCount(options.box)),
    ]);
    try {
      const prepare = (stages: readonly Stage[]) => pipelines.prepare(stages.flat(), buffers);
      const passes = {
        otf: await prepare(program.otf),
        weights: await prepare(program.weights),
        start: await prepare(program.start),
        iteration: await prepare(program.iteration),
      };
      const runner = new Runner(gpu, { options, program, buffers, passes });
      await withErrorScopes(
        gpu.device,
        { what: "computing the OTF", bytes: buffers.bytes },
        () => runner.#setUp(placed),
      );
      return runner;
    } catch (error) {
      buffers.destroy();
      throw error;
    }
  }

  /** Bytes of all buffers on the device. */
  get allocatedBytes(): number {
    return this.#buffers.bytes;
  }

  /** Frees the device memory. */
  destroy(): void {
    this.#buffers.destroy();
  }

  /** Runs the iterations on `data`, which is only read. */
  run(data: Float32Array, run: RunnerRun): Promise<RunResult & { readonly estimate: Float32Array<ArrayBuffer> }> {
    const begin = performance.now();
    return withErrorScopes(this.#device, { what: "deconvolving", bytes: this.allocatedBytes }, async () => {
      const estimate = new Float32Array(voxelCount(this.#options.box));
      const { peak } = this.#sendInput(data, run);
      if (peak > 0) {
        const scale = this.#options.scale ?? peak;
        this.#device.queue.writeBuffer(this.#buffers.get("parameters"), 0, parameterValues(scale));
        this.#submit(this.#passes.start);
        await this.#iterate(run);
        await this.#readEstimate(estimate);
      }
      return { estimate, kernelSeconds: (performance.now() - begin) / 1000 };
    });
  }

  #setUp(placedPsf: Float32Array<ArrayBuffer>): void {
    for (const { name, contents } of this.#program.buffers) {
      if (contents) upload(this.#device, this.#buffers.get(name), 0, contents);
    }
    const nx = this.#options.box[2];
    this.#sendRows("estimate", (row, target) => target.set(placedPsf.subarray(row * nx, (row + 1) * nx)));
    this.#submit(this.#passes.otf);
  }

  /** Sends data, first estimate and weights. */
  #sendInput(data: Float32Array, run: RunnerRun): DataStatistics {
    const { box, nonCirculant } = this.#options;
    const observed = nonCirculant && run.observed ? run.observed : wholeBox(box);
    const statistics = new DataStatistics();
    this.#sendRows("data", dataRows(data, box, observed, statistics));
    const startsFromData = run.start !== "flat";
    if (startsFromData && isWholeBox(box, observed)) {
      this.#copyVolume("data", "estimate");
    } else {
      const mean = statistics.sum / voxelCount(observed.shape);
      const flat: RowFiller = (_, target) => target.fill(mean);
      const inside = startsFromData ? dataRows(data, box, observed, new DataStatistics()) : flat;
      this.#sendRows("estimate", observedRows(box, observed, inside, mean));
    }
    if (nonCirculant) this.#sendWeights(observed);
    this.#startAcceleration();
    return statistics;
  }

  /** Extrapolation starts from the first estimate with no change behind it. */
  #startAcceleration(): void {
    const { acceleration } = this.#options;
    if (acceleration === "none") return;
    this.#copyVolume("estimate", "point");
    const encoder = this.#device.createCommandEncoder();
    const cleared = ["momentum", ...(acceleration === "biggs" ? this.#partsOf("change") : [])];
    for (const name of cleared) encoder.clearBuffer(this.#buffers.get(name));
    this.#device.queue.submit([encoder.finish()]);
  }

  #sendWeights(observed: Observed): void {
    const known = this.#weightsFor;
    if (known && sameShape(known.start, observed.start) && sameShape(known.shape, observed.shape)) return;
    this.#sendRows("weights", observedRows(this.#options.box, observed, (_, target) => target.fill(1), 0));
    this.#submit(this.#passes.weights);
    this.#weightsFor = observed;
  }

  async #iterate({ iterations, isCancelled }: RunnerRun): Promise<void> {
    for (let done = 0, batch = 0; done < iterations; done += batch) {
      if (isCancelled()) throw new ClearstackError("cancelled", `stopped after ${done} of ${iterations} iterations`);
      batch = Math.min(iterations - done, nextBatch(this.#secondsPerIteration, batch));
      const begin = performance.now();
      this.#submit(this.#passes.iteration, batch);
      await this.#device.queue.onSubmittedWorkDone();
      this.#secondsPerIteration = (performance.now() - begin) / 1000 / batch;
    }
  }

  async #readEstimate(target: Float32Array): Promise<void> {
    const partLength = this.#program.layout.partBytes / 4;
    const staging = stagingRequests(target.byteLength).map(({ name }) => this.#buffers.get(name));
    for (const [part, name] of this.#partsOf("estimate").entries()) {
      const values = target.subarray(part * partLength, (part + 1) * partLength);
      await download(this.#device, this.#buffers.get(name), staging, values);
    }
  }

  #partsOf(volume: string): string[] {
    return Array.from({ length: this.#program.layout.parts }, (_, part) => partBuffer(volume, part));
  }

  #submit(passes: readonly PreparedPass[], repeat = 1): void {
    const encoder = this.#device.createCommandEncoder();
    encodePasses(encoder, passes, repeat);
    this.#device.queue.submit([encoder.finish()]);
  }

  #copyVolume(from: string, to: string): void {
    const encoder = this.#device.createCommandEncoder();
    const targets = this.#partsOf(to);
    this.#partsOf(from).forEach((name, part) => {
      const source = this.#buffers.get(name);
      encoder.copyBufferToBuffer(source, 0, this.#buffers.get(targets[part]), 0, source.size);
    });
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Fills a volume row by row, a few rows at a time. */
  #sendRows(volume: string, fill: RowFiller): void {
    const { box, parts, planesPerPart } = this.#program.layout;
    const [, ny, nx] = box;
    const rowsPerPart = planesPerPart * ny;
    const rowsPerPiece = Math.min(rowsPerPart, Math.floor(UPLOAD_BYTES / (4 * nx)));
    const piece = new Float32Array(rowsPerPiece * nx);
    for (let part = 0; part < parts; part++) {
      const buffer = this.#buffers.get(partBuffer(volume, part));
      for (let first = 0; first < rowsPerPart; first += rowsPerPiece) {
        const rows = Math.min(rowsPerPiece, rowsPerPart - first);
        for (let row = 0; row < rows; row++) {
          fill(part * rowsPerPart + first + row, piece.subarray(row * nx, (row + 1) * nx));
        }
        upload(this.#device, buffer, first * nx * 4, piece.subarray(0, rows * nx));
      }
    }
  }
}

const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
const USAGE = { storage: STORAGE, uniform: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST } as const;
