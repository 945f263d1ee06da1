/**
 * Tiles computed in a process that may die: it is started when it is needed, and when it dies, hangs or loses its GPU, the tile
 * fails with an error that has it tried again, in a fresh process.
 */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";
import { httpDevice, httpTiles } from "shared/engine/http_functions.ts";
import type { DeconvolveKind, Invoke, ReportOf, TaskFunctions } from "shared/engine/task_kinds.ts";
import { delay } from "@std/async/delay";
import { ClearstackError, isClearstackError, toClearstackError } from "shared/errors.ts";
import { TileDeadline } from "./tile_deadline.ts";
import { TileProcess, type TileProcessOptions } from "./tile_process.ts";

/** Processes that may be lost before the GPU counts as unusable; finished tiles earn further ones. */
const MAX_LOSSES = 4;
const TILES_PER_LOSS = 16;

/** A process that broke off a call is given so long to end by itself. */
const ENDING_MILLISECONDS = 1000;

interface SupervisedTilesOptions {
  readonly process?: TileProcessOptions;
  /** Time that tiles may take. @default {by their work and the pace of earlier ones} */
  readonly deadline?: TileDeadline;
}

/** A `deconvolve` function in a process of its own. */
export class SupervisedTiles implements TaskFunctions<DeconvolveKind> {
  readonly #options: SupervisedTilesOptions;
  readonly #deadline: TileDeadline;
  #process: Promise<TileProcess> | undefined;
  /** Processes that were not lost, but are not needed. */
  readonly #closed = new WeakSet<Promise<TileProcess>>();
  #losses = 0;
  #wasUsed = false;
  /** By the name of the task, such as `tiles 3`. */
  readonly #onIterations = new Map<string, (done: number) => void>();

  constructor(options: SupervisedTilesOptions = {}) {
    this.#options = options;
    this.#deadline = options.deadline ?? new TileDeadline();
  }

  /** True once a task was computed here. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  readonly tiles: Invoke<"tiles"> = (...given) => this.#supervise("tiles", given);
  readonly seams: Invoke<"seams"> = (...given) => this.#supervise("seams", given);
  readonly pilots: Invoke<"pilots"> = (...given) => this.#supervise("pilots", given);

  /** Device of the process; starts the process, and another if that one is closed meanwhile, as it is when a job has ended. */
  async device(choice: BackendChoice): Promise<Device> {
    for (;;) {
      const starting = this.#running();
      try {
        const { url, token } = await starting;
        return await httpDevice(url, choice, token);
      } catch (error) {
        if (!this.#closed.has(starting)) throw error;
      }
    }
  }

  /** Ends the process; a further call starts another. */
  async close(): Promise<void> {
    const process = this.#process;
    if (process) this.#closed.add(process);
    this.#process = undefined;
    this.#losses = 0;
    await (await process?.catch(() => undefined))?.kill("was closed");
  }

  async #supervise<K extends DeconvolveKind>(
    kind: K,
    [task, signal, onIterations = () => {}]: Parameters<Invoke<K>>,
  ): Promise<ReportOf<K>> {
    const process = await this.#running();
    this.#wasUsed = true;
    const started = performance.now();
    const allowed = this.#deadline.seconds(task);
    const why = `gave no result within ${Math.ceil(allowed)} s, so its driver seems to hang, and was stopped`;
    const timer = setTimeout(() => process.kill(why), 1000 * allowed);
    const name = `${kind} ${task.tile.index}`;
    this.#onIterations.set(name, onIterations);
    try {
      const report = await httpTiles(process.url, process.token)[kind](task, signal);
      this.#deadline.note(task, (performance.now() - started) / 1000);
      this.#losses = Math.max(0, this.#losses - 1 / TILES_PER_LOSS);
      return report;
    } catch (error) {
      throw signal.aborted ? error : await this.#afterFailure(process, error);
    } finally {
      clearTimeout(timer);
      this.#onIterations.delete(name);
    }
  }

  /** A line such as `tiles 3 40`: tile 3 has done 40 iterations. */
  #hear(line: string): void {
    const [, name, done] = /^(\w+ \d+) (\d+)$/.exec(line) ?? [];
    this.#onIterations.get(name ?? "")?.(Number(done));
  }

  #running(): Promise<TileProcess> {
    if (this.#process) return this.#process;
    const starting = TileProcess.start({ ...this.#options.process, onLine: (line) => this.#hear(line) });
    this.#process = starting;
    starting.catch(() => {
      if (this.#process === starting) this.#process = undefined;
    });
    return starting;
  }

  /** A process whose GPU is in trouble is not used again; what the caller is told has its last words. */
  async #afterFailure(process: TileProcess, thrown: unknown): Promise<ClearstackError> {
    const error = toClearstackError(thrown);
    const [lost, full] = [isClearstackError(error, "device-lost"), isClearstackError(error, "device-memory")];
    if (!lost && !full) return error;
    const current = await this.#process?.catch(() => undefined);
    if (current === process) {
      this.#process = undefined;
      if (lost) this.#losses++;
    }
    // Without an answer the process is about to have ended; how it did is worth a moment.
    if (error.cause !== undefined) await Promise.race([process.ended, delay(ENDING_MILLISECONDS)]);
    await process.kill(`was stopped: ${error.message}`);
    if (full) return error;
    const message = await process.ended;
    if (this.#losses <= MAX_LOSSES) return new ClearstackError("device-lost", message, { cause: error });
    const verdict = `the GPU was lost ${Math.ceil(this.#losses)} times: look at its driver, or use --backend cpu`;
    return new ClearstackError("no-device", `${message}; ${verdict}`, { cause: error });
  }
}
