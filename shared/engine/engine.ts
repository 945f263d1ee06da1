/**
 * Engine that drives the tiles of a job. The object store stays the source of truth: an engine only decides which tile runs when,
 * and what happens if one fails.
 */
import type { ReportOf, TaskKind, TaskOf } from "./task_kinds.ts";

/** Tells that a tile failed in a way that may pass, and that it will be tried again. */
export interface TileRetry {
  readonly index: number;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly message: string;
}

/** Owner and priority of the tasks of a fan-out. */
export interface FanOutOrigin {
  /**
   * Names the job: an engine that outlives this process stops what an earlier fan-out of the same kind and run left behind.
   *
   * @default {a name of its own}
   */
  readonly run?: string;
  /** From 0 to 9; more is served more often. @default {5} */
  readonly priority?: number;
  /** Owner whose tasks in flight are counted together where there is a limit. */
  readonly owner?: string;
}

/** One fan-out. */
export interface FanOutOptions<K extends TaskKind> extends FanOutOrigin {
  /** Tiles in flight at the same time on each instance, at least 1. */
  readonly concurrency: number;
  /** Stops handing out tiles, aborts those in flight and waits for them; the fan-out then rejects with `cancelled`. */
  readonly signal?: AbortSignal;
  /**
   * A task that needs less device memory for the same result; undefined if there is none. Asked once a task's attempts have all
   * failed for lack of it; what helped is done to the tasks that follow too.
   */
  readonly smaller?: (task: TaskOf<K>) => TaskOf<K> | undefined;
  /** Called for every finished tile; the fan-out goes on once it has settled. */
  readonly onReport?: (report: ReportOf<K>) => void | Promise<void>;
  /** Called before a tile is tried again. */
  readonly onRetry?: (retry: TileRetry) => void;
}

/** Fans tiles of these kinds out. */
export interface Engine<Kinds extends TaskKind = TaskKind> {
  /** True if retries are logged where they happen; `onRetry` may come later then. @default {false} */
  readonly logsRetries?: boolean;
  /**
   * Runs every task once to success. Tasks are taken from the iterable one by one as room comes free, so that it may be
   * as long as it likes. Nothing is in flight any more once the promise has settled.
   *
   * @throws {ClearstackError} the first error that could not be mended by retries, or `cancelled`
   */
  fanOut<K extends Kinds>(kind: K, tasks: Iterable<TaskOf<K>>, options: FanOutOptions<K>): Promise<void>;
}
