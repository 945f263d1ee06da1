/**
 * The engine of many machines: tasks go in shards to a Restate server, which has them done by whichever `orchestrate` process
 * lives, and remembers what is done until the shard is. See docs/engine.md.
 */
import { ClearstackError, errorFromRecord, isClearstackError, toClearstackError } from "shared/errors.ts";
import type { Engine, FanOutOptions } from "../engine.ts";
import { isAbort } from "../local.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { traceParent } from "shared/telemetry/span.ts";
import { type FittedTask, TaskSplitter } from "../task_splitter.ts";
import type { Log } from "shared/telemetry/log.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { retryMessage, type RetryPolicy, withRetries } from "../retry.ts";
import { type ShardClient, shardClient } from "./restate_client.ts";
import type { Shard, ShardPlace, ShardResult } from "./restate_shards.ts";
import { LARGEST_SHARD, shardFolder, ShardStore } from "./restate_shards.ts";
import type { TaskKind, TaskOf } from "../task_kinds.ts";

/** Shards in flight; they hold about twice as many tasks as there is room for, so that none of it is ever idle. */
const MAX_SHARDS = 16;
/** Tasks of a shard that are under way at the same time: a quarter of the room, as each costs whenever another ends. */
const WINDOW_SHARE = 1 / 4;
const CHEAP_WINDOW = 16;
const LARGEST_WINDOW = 64;
/** Shards grow with what was handed out, so that news of a small job come often and a large one has few shards. */
const GROWTH = 1 / 64;
/** A store of shards may be away as long as it may for tiles, unless somebody says otherwise for those. */
const STORE_RETRIES: RetryPolicy = { attempts: 10, firstDelayMs: 500, longestDelayMs: 20_000, awayMs: 600_000 };
/** Time that a cancelled fan-out waits for a server that does not answer. */
const CANCEL_MILLISECONDS = 60_000;

interface RestateEngineOptions {
  /** URL at which the server takes invocations. */
  readonly ingressUrl: string;
  /** Holds the shards in flight; every `orchestrate` process that may do them sees the same. */
  readonly store: ShardPlace;
  /** Instances that take tasks of each kind. */
  readonly instances: { readonly [K in TaskKind]: number };
  /** Told of tasks that are done in smaller boxes. @default {plainLog} */
  readonly log?: Log;
}

/** An engine over a Restate server that knows the shard service. */
export function createRestateEngine(engine: RestateEngineOptions): Engine {
  return { logsRetries: true, fanOut: (kind, tasks, options) => new RestateFanOut(kind, engine, options).run(tasks) };
}

class RestateFanOut<K extends TaskKind> {
  readonly #kind: K;
  readonly #options: FanOutOptions<K>;
  readonly #shards: ShardStore;
  readonly #client: ShardClient;
  readonly #room: number;
  readonly #folder: string;
  readonly #log: Log;
  readonly #reducer: TaskSplitter<TaskOf<K>>;
  readonly #epoch = crypto.randomUUID();
  readonly #stop = new AbortController();
  readonly #hangUp = new AbortController();
  readonly #inFlight = new Set<string>();
  /** To be done once more, smaller or because a shard ended early. */
  readonly #again: FittedTask<TaskOf<K>>[] = [];
  #handedOut = 0;
  #shardCount = 0;
  #failure: ClearstackError | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    kind: K,
    { ingressUrl, store, instances, log = plainLog }: RestateEngineOptions,
    options: FanOutOptions<K>,
  ) {
    this.#kind = kind;
    this.#log = log;
    this.#options = options;
    this.#shards = new ShardStore(store);
    this.#client = shardClient(ingressUrl, this.#hangUp.signal);
    this.#room = options.concurrency * instances[kind];
    this.#folder = shardFolder(options.run ?? this.#epoch, kind);
    this.#reducer = new TaskSplitter(options.smaller);
  }

  async run(tasks: Iterable<TaskOf<K>>): Promise<void> {
    const { signal } = this.#options;
    using _listening = onAbort(signal, () => this.#end());
    const iterator = tasks[Symbol.iterator]();
    try {
      await this.#stopLeftBehind().catch((error) => this.#fail(error));
      const drivers = Math.min(MAX_SHARDS, 2 * this.#room);
      await Promise.all(
        Array.from({ length: drivers }, () => this.#drive(iterator).catch((error) => this.#fail(error))),
      );
      // What the last shards gave back comes after the drivers that found nothing more to do had left.
      if (this.#again.length > 0) await this.#drive(iterator).catch((error) => this.#fail(error));
      await this.#stopping;
    } finally {
      this.#hangUp.abort();
      iterator.return?.();
    }
    if (this.#failure && !(signal?.aborted && isAbort(this.#failure))) throw this.#failure;
    if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled");
  }

  /** Only the first failure is the cause: those that follow are the cancellations it led to. */
  #fail(error: unknown): void {
    this.#failure ??= toClearstackError(error);
    this.#end();
  }

  /** Cancels what is in flight; who waits for it hears from the server, or of its silence after a while. */
  #end(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    const timer = setTimeout(() => this.#hangUp.abort(), CANCEL_MILLISECONDS);
    const keys = [...this.#inFlight];
    this.#stopping = (keys.length === 0 ? Promise.resolve() : this.#client.stop(keys))
      .catch(() => this.#hangUp.abort()).finally(() => clearTimeout(timer));
  }

  /** A process that drove the same run and died has left shards that are still being done. */
  async #stopLeftBehind(): Promise<void> {
    const keys = await this.#patiently(() => this.#shards.keys(this.#folder));
    if (keys.length === 0 || this.#stop.signal.aborted) return;
    await this.#client.stop(keys);
    await Promise.all(keys.map(async (key) => {
      await this.#client.run(key).catch((error) => {
        if (!isClearstackError(error, "cancelled") && !isClearstackError(error, "conflict")) throw error;
      });
      await this.#forget(key);
    }));
  }

  async #drive(iterator: Iterator<TaskOf<K>>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const batch = this.#nextBatch(iterator);
      if (batch.length === 0) return;
      await this.#settle(batch, await this.#runShard(batch));
    }
  }

  #nextBatch(iterator: Iterator<TaskOf<K>>): FittedTask<TaskOf<K>>[] {
    const wanted = Math.max(1, Math.ceil(this.#room / (MAX_SHARDS / 2)), Math.ceil(this.#handedOut * GROWTH));
    const size = Math.min(LARGEST_SHARD, wanted);
    const batch = this.#again.splice(0, size);
    while (batch.length < size) {
      const next = iterator.next();
      if (next.done) break;
      batch.push(this.#reducer.fitted(next.value));
    }
    this.#handedOut += batch.length;
    return batch;
  }

  async #runShard(batch: readonly FittedTask<TaskOf<K>>[]): Promise<ShardResult<K>> {
    const { concurrency, priority, owner } = this.#options;
    const key = `${this.#folder}${this.#epoch}-${this.#shardCount++}.json`;
    const window = Math.min(LARGEST_WINDOW, Math.max(CHEAP_WINDOW, Math.ceil(this.#room * WINDOW_SHARE)));
    const shard: Shard<K> = {
      kind: this.#kind,
      concurrency,
      window: Math.min(window, this.#room),
      priority,
      owner,
      trace: traceParent(),
      tasks: batch.map(({ task }) => task),
    };
    await this.#patiently(() => this.#shards.put(key, shard));
    if (this.#stop.signal.aborted) {
      await this.#forget(key);
      return { outcomes: [] };
    }
    this.#inFlight.add(key);
    try {
      return await this.#client.run(key) as ShardResult<K>;
    } catch (error) {
      if (this.#stop.signal.aborted || !isClearstackError(error, "cancelled")) throw error;
      throw new ClearstackError("conflict", "the job was taken over by another process", { cause: error });
    } finally {
      this.#inFlight.delete(key);
      await this.#forget(key);
    }
  }

  #patiently<T>(f: () => Promise<T>): Promise<T> {
    return withRetries(f, { policy: STORE_RETRIES, signal: this.#stop.signal });
  }

  /** Shards that cannot be removed are stopped and removed by the next fan-out of the run. */
  async #forget(key: string): Promise<void> {
    await this.#patiently(() => this.#shards.delete(key)).catch(() => {});
  }

  async #settle(batch: readonly FittedTask<TaskOf<K>>[], { outcomes }: ShardResult<K>): Promise<void> {
    const { onReport, onRetry } = this.#options;
    const open = new Map(batch.entries());
    for (const { position, report, error, retries = [] } of outcomes) {
      const fitted = batch[position]!;
      const { index } = fitted.original.tile;
      for (const retry of retries) onRetry?.({ index, ...retry });
      if (report) await onReport?.(report);
      if (report || error) open.delete(position);
    }
    for (const { position, error } of outcomes) if (error) this.#mend(batch[position]!, errorFromRecord(error));
    this.#again.push(...open.values());
  }

  /** Has a task that does not fit the device done in smaller boxes; everything else ends the fan-out. */
  #mend(fitted: FittedTask<TaskOf<K>>, error: ClearstackError): void {
    const smaller = error.kind === "device-memory" ? this.#reducer.smaller(fitted) : undefined;
    if (!smaller) throw error;
    this.#again.push(smaller);
    const message = `${error.message}; now in smaller boxes`;
    const { index } = fitted.original.tile;
    const retry = { index, attempt: 1, delayMs: 0, message };
    this.#log(retryMessage(this.#kind.slice(0, -1), retry), { level: "warn", job: this.#options.run });
    this.#options.onRetry?.(retry);
  }
}
