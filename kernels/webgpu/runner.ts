/**
 * One box on one device: its buffers and passes, and the loop that feeds them. Runs in the Worker.
 */
import { type Box, sameShape, voxelCount } from "shared/volume/geometry.ts";
import type { DeconvolverOptions, Divergence, RunOptions, RunResult, VoxelData } from "kernels/deconvolver.ts";
import { intersection, wholeBox } from "kernels/part.ts";
import { PhaseClock } from "kernels/phase_clock.ts";
import { psfBox } from "kernels/psf_box.ts";
import { isCentroSymmetric } from "kernels/psf_symmetry.ts";
import { applyBackProjector } from "./program/back_otf.ts";
import { runBatches } from "./batch.ts";
import { checkTransform } from "./device/check_transform.ts";
import { DeviceBuffers } from "./device/buffers.ts";
import { ComputeTurn, freeTurn } from "./worker/compute_turn.ts";
import type { Gpu } from "./device/gpu_device.ts";
import { DeviceVolumes } from "./device/device_volumes.ts";
import { encodePasses, type PipelineCache, type PreparedPass } from "./device/encoder.ts";
import { withErrorScopes } from "./device/error_scopes.ts";
import { DataRows, type InputRows, numberRows, observedRows, plainRows, type RowFiller } from "./device/input.ts";
import { cappedLimits, type GpuLimits } from "./device/limits.ts";
import { MAX_MEASUREMENTS, MEASUREMENTS_BYTES } from "./stages/measurement.ts";
import { MOMENTUM } from "./stages/momentum.ts";
import { PassTimer } from "./device/pass_timer.ts";
import { PARAMETERS, parameterValues } from "./stages/parameters.ts";
import { cutValues, partPlaces } from "./program/cut.ts";
import { coreCutBuffer } from "./program/pass_maker.ts";
import type { BufferSpec, Stage } from "./program/pass.ts";
import { GIVEN_START, MEASURED, OBSERVED, regionValues, START } from "./stages/region.ts";
import type { ProgramOptions } from "./program/program_options.ts";
import { type Program, programOptions, rlProgram, type Tuning } from "./program/rl_program.ts";
import { readMeasurements } from "./device/read_measurements.ts";
import { smallStagingRequest, stagingRequests, upload } from "./device/transfer.ts";
import { isTunable, measureTuning } from "./tuning/tuning_choice.ts";

/** Options of a runner. */
export interface RunnerOptions extends DeconvolverOptions {
  /** Lower limits than the adapter's, to have boxes cut into more buffers. */
  readonly limitCaps?: Partial<GpuLimits>;
  /** @default {measured on a GPU with a clock, see tuning_choice.ts} */
  readonly tuning?: Tuning;
}

/** One run; see kernels/deconvolver.ts. */
interface RunnerRun extends Omit<RunOptions, "signal"> {
  /** Asked between batches. */
  readonly isCancelled: () => boolean;
}

/** Deconvolves boxes of one shape. */
export class Runner {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  readonly #options: RunnerOptions;
  readonly #turn: ComputeTurn;
  readonly #method: ProgramOptions;
  readonly #limits: GpuLimits;
  #program: Program;
  #tuning: Tuning | undefined;
  readonly #buffers: DeviceBuffers;
  readonly #volumes: DeviceVolumes;
  /** Passes by the stages they were prepared from. */
  readonly #prepared = new Map<readonly Stage[], PreparedPass[]>();
  /** The observed box that the weights on the device are for. */
  #weightsFor: Box | undefined;
  #secondsPerIteration: number | undefined;

  private constructor(gpu: Gpu, pipelines: PipelineCache, options: RunnerOptions, turn: ComputeTurn) {
    this.#device = gpu.device;
    this.#pipelines = pipelines;
    this.#options = options;
    this.#turn = turn;
    this.#method = programOptions({ ...options, symmetricPsf: isCentroSymmetric(options.psf) });
    this.#limits = cappedLimits(gpu.limits, options.limitCaps ?? {});
    this.#tuning = options.tuning;
    this.#program = rlProgram(options.box, this.#method, this.#limits, options.tuning);
    this.#buffers = new DeviceBuffers(gpu.device);
    this.#volumes = new DeviceVolumes(gpu.device, this.#program.layout, this.#buffers);
  }

  /** Allocates, compiles and computes the OTF. */
  static async create(
    gpu: Gpu,
    pipelines: PipelineCache,
    options: RunnerOptions,
    turn = new ComputeTurn(freeTurn(), 1),
  ): Promise<Runner> {
    const placedPsf = psfBox(options.psf, options.box);
    const runner = new Runner(gpu, pipelines, options, turn);
    try {
      await runner.#setUp(placedPsf);
      if (options.tuning === undefined && isTunable(gpu)) {
        // Beside another's computation a clock would tell nothing.
        await turn.run(() => runner.#tune(), () => false);
      }
      return runner;
    } catch (error) {
      runner.destroy();
      throw error;
    }
  }

  get allocatedBytes(): number {
    return this.#buffers.bytes;
  }

  /**
   * Runs iterations on whatever is on the device.
   *
   * @returns ticks of the device's clock per iteration
   */
  async iterationTicks(tuning: Tuning, iterations: number): Promise<number> {
    const program = rlProgram(this.#options.box, this.#method, this.#limits, tuning);
    await this.#allocate(program.buffers);
    const passes = await this.#pipelines.prepare(program.iteration.flat(), this.#buffers);
    const timer = new PassTimer(this.#device);
    try {
      return await timer.ticks(Array.from({ length: iterations }, () => passes).flat()) / iterations;
    } finally {
      timer.destroy();
    }
  }

  /** The tuning that was given or measured, undefined where it was neither. */
  get tuning(): Tuning | undefined {
    return this.#tuning;
  }

  /** Measures what is fastest, and goes on with that. */
  async #tune(): Promise<void> {
    const { box } = this.#options;
    this.#tuning = await measureTuning(box, (tuning, iterations) => this.iterationTicks(tuning, iterations));
    this.#program = rlProgram(box, this.#method, this.#limits, this.#tuning);
    await this.#allocate(this.#program.buffers);
  }

  destroy(): void {
    this.#buffers.destroy();
  }

  /** Runs the iterations on `data`, which is only read. */
  async run(data: VoxelData, run: RunnerRun): Promise<RunResult> {
    const [begin, clock] = [performance.now(), new PhaseClock()];
    if (run.heldOut && run.measureEvery) await this.#allocate(this.#program.heldOutBuffers);
    return await withErrorScopes(this.#device, { what: "deconvolving", bytes: this.allocatedBytes }, async () => {
      const estimate = run.into ?? new Float32Array(voxelCount(run.returned?.shape ?? this.#options.box));
      const rows = await this.#sendInput(data, run);
      if (rows.seen?.peak === 0) {
        return { estimate: estimate.fill(0), kernelSeconds: (performance.now() - begin) / 1000, divergence: [] };
      }
      this.#sendNumbers(rows, run);
      clock.end("upload");
      const { result: computed, waited } = await this.#turn.run(() => {
        clock.end("wait");
        return this.#compute(run);
      }, run.isCancelled);
      clock.end("compute");
      await this.#readEstimate(run.returned, estimate);
      clock.end("download");
      const kernelSeconds = (performance.now() - begin) / 1000 - waited;
      return { estimate, kernelSeconds, ...computed, phases: clock.phases };
    });
  }

  async #readEstimate(returned: Box | undefined, estimate: Float32Array): Promise<void> {
    if (!returned || sameShape(returned.shape, this.#options.box)) {
      return await this.#volumes.read("estimate", estimate);
    }
    const places = partPlaces(this.#program.layout, returned);
    places.forEach((place, part) => place && this.#write(coreCutBuffer(part), cutValues(place)));
    this.#submit(await this.#pipelines.prepare(this.#program.cutCore(places), this.#buffers));
    await this.#volumes.read("spectrum", estimate, places.map((place) => place ? voxelCount(place.shape) : 0));
  }

  async #setUp(placedPsf: Float32Array<ArrayBuffer>): Promise<void> {
    const { box, psf } = this.#options;
    await this.#buffers.allocate([...stagingRequests(4 * voxelCount(box)), smallStagingRequest(MEASUREMENTS_BYTES)]);
    await this.#allocate(this.#program.buffers);
    await withErrorScopes(this.#device, { what: "computing the OTF", bytes: this.allocatedBytes }, async () => {
      this.#giveEstimate((row, target) => target.set(placedPsf.subarray(row * box[2], (row + 1) * box[2])));
      this.#submit(await this.#passes(this.#program.otf));
      await checkTransform(this.#device, this.#buffers, psf);
      if (this.#program.backOtf.length === 0) return;
      const otf = new Float32Array(voxelCount(box));
      await this.#volumes.read("spectrum", otf);
      applyBackProjector(otf, psf, box);
      this.#volumes.send("spectrum", (row, target) => target.set(otf.subarray(row * box[2], (row + 1) * box[2])));
      this.#submit(await this.#passes(this.#program.backOtf));
    });
    await this.#passes(this.#program.iteration);
  }

  /** Allocates what is not there yet. */
  async #allocate(specs: readonly BufferSpec[]): Promise<void> {
    const missing = specs.filter(({ name }) => !this.#buffers.has(name));
    await this.#buffers.allocate(missing.map(({ name, bytes, usage }) => ({ name, bytes, usage: USAGE[usage] })));
    for (const { name, contents } of missing) if (contents) upload(this.#device, this.#buffers.get(name), 0, contents);
  }

  /** Sends data, weights and held-out photons. */
  async #sendInput(data: VoxelData, run: RunnerRun): Promise<InputRows> {
    const { box, nonCirculant, dataType, scale } = this.#options;
    const observed = (nonCirculant && run.observed) || wholeBox(box);
    // Of float32 data somebody must see that all of them are numbers. A flat start of zeros ends above 0 where corrections are bounded.
    const isKnown = scale !== undefined && run.mean !== undefined && !(run.start === "flat" && this.#method.unmatched);
    const rows = !isKnown
      ? new DataRows(data, box, observed)
      : data instanceof Uint16Array
      ? plainRows(data, box, observed)
      : numberRows(data, box, observed);
    this.#volumes.send("data", rows.fill, dataType);
    if (nonCirculant) await this.#sendWeights(observed);
    if (this.#options.acceleration === "biggs") this.#volumes.clear("change");
    const photons = run.measureEvery ? run.heldOut?.values : undefined;
    if (photons) {
      this.#volumes.send("heldout", (row, target) => target.set(photons.subarray(row * box[2], (row + 1) * box[2])));
    }
    return rows;
  }

  async #sendWeights(observed: Box): Promise<void> {
    const known = this.#weightsFor;
    if (known && sameShape(known.start, observed.start) && sameShape(known.shape, observed.shape)) return;
    this.#giveEstimate(observedRows(this.#options.box, observed, (_, target) => target.fill(1), 0));
    this.#submit(await this.#passes(this.#program.weights));
    this.#weightsFor = observed;
  }

  /** Has the start leave what is sent as it is. */
  #giveEstimate(fill: RowFiller): void {
    this.#volumes.send("estimate", fill);
    this.#write(START.name, GIVEN_START);
  }

  #write(name: string, contents: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    this.#device.queue.writeBuffer(this.#buffers.get(name), 0, contents);
  }

  #sendNumbers({ observed, seen = { peak: 0, sum: 0 } }: InputRows, run: RunnerRun): void {
    const { measured = wholeBox(this.#options.box), heldOut } = run;
    const fromData = run.start === "flat" ? { ...observed, shape: [0, 0, 0] as const } : observed;
    this.#write(PARAMETERS.name, parameterValues(this.#options.scale ?? seen.peak, this.#options, heldOut?.ratio));
    this.#write(OBSERVED.name, regionValues(observed));
    this.#write(MEASURED.name, regionValues(intersection(measured, observed)));
    this.#write(START.name, regionValues(fromData, run.mean ?? seen.sum / voxelCount(observed.shape)));
    this.#write(MOMENTUM.name, new Float32Array(2));
  }

  async #compute(run: RunnerRun): Promise<Pick<RunResult, "divergence" | "passes">> {
    if (!run.isCancelled()) this.#submit(await this.#passes(this.#program.start));
    return await this.#iterate(run);
  }

  async #iterate(run: RunnerRun): Promise<Pick<RunResult, "divergence" | "passes">> {
    const { iterations, isCancelled, measureEvery = 0, heldOut } = run;
    const { iteration, measuring } = this.#program;
    const plain = await this.#passes(iteration);
    const measured = measureEvery > 0 ? await this.#passes(measuring[heldOut ? "data and held-out" : "data"]) : plain;
    const divergence: Divergence[] = [];
    const measures = (step: number) => measureEvery > 0 && step % measureEvery === 0;
    const work = (steps: readonly number[]) => steps.flatMap((step) => measures(step) ? measured : plain);
    const ended = async (steps: readonly number[]) => {
      run.onIterations?.(steps.at(-1)! + 1);
      const taken = steps.filter(measures);
      divergence.push(...await readMeasurements(this.#device, this.#buffers, taken, heldOut !== undefined));
    };
    const isTimed = run.timePasses === true && PassTimer.isAvailable(this.#device) && !isCancelled();
    const passes = isTimed ? await PassTimer.sharesOf(this.#device, work([0])) : undefined;
    if (isTimed) await ended([0]);
    this.#secondsPerIteration = await runBatches({
      first: isTimed ? 1 : 0,
      end: iterations,
      most: MAX_MEASUREMENTS,
      apart: measureEvery > 0,
      secondsPerIteration: this.#secondsPerIteration,
      isCancelled,
      record: (steps) => this.#record(work(steps)),
      workDone: () => this.#device.queue.onSubmittedWorkDone(),
      ended,
    });
    return passes ? { divergence, passes } : { divergence };
  }

  async #passes(stages: readonly Stage[]): Promise<PreparedPass[]> {
    const prepared = this.#prepared.get(stages) ?? await this.#pipelines.prepare(stages.flat(), this.#buffers);
    this.#prepared.set(stages, prepared);
    return prepared;
  }

  #submit(passes: readonly PreparedPass[]): void {
    this.#record(passes)();
  }

  /** Records passes, and returns what submits them. */
  #record(passes: readonly PreparedPass[]): () => void {
    const encoder = this.#device.createCommandEncoder();
    encodePasses(encoder, passes);
    const commands = encoder.finish();
    return () => this.#device.queue.submit([commands]);
  }
}

const STORAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
const USAGE = { storage: STORAGE, uniform: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST } as const;
