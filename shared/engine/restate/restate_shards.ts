/**
 * Messages of a fan-out to a Restate server. Its journal holds the key of an object and, in the end, reports:
 * tasks carry URLs whose query strings may be signatures, and those stay in the store that keeps the requests of jobs as well.
 */
import { z } from "zod";
import { ClearstackError, type ErrorRecord } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { type ReportOf, TASK_SCHEMAS, type TaskKind, type TaskOf } from "../task_kinds.ts";

/** Name of the service that does shards, with the handlers `run` and `stop`. */
export const SHARD_SERVICE = "clearstack_shards";

/** Most tasks of one shard: beyond, replaying its journal costs more than another shard. */
export const LARGEST_SHARD = 250;

/** Message of `run`. */
export interface ShardMessage {
  /** Of the object that holds the {@link Shard}. */
  readonly key: string;
}

/** Message of `stop`: invocations of `run` to cancel. */
export interface StopMessage {
  readonly invocations: readonly string[];
}

/** Outcome of one task; neither report nor error if it was left undone because another failed. */
export interface TaskOutcome<K extends TaskKind = TaskKind> {
  readonly position: number;
  readonly report?: ReportOf<K>;
  readonly error?: ErrorRecord;
  /** Failed attempts that were followed by another. */
  readonly retries?: readonly { attempt: number; delayMs: number; message: string }[];
}

/** Answer of `run`. */
export interface ShardResult<K extends TaskKind = TaskKind> {
  readonly outcomes: readonly TaskOutcome<K>[];
}

const ShardSchema = z.strictObject({
  kind: z.enum(Object.keys(TASK_SCHEMAS) as [TaskKind, ...TaskKind[]]),
  /** Tasks that fill one instance. */
  concurrency: z.int().min(1),
  /** Tasks of this shard that wait or run at the same time. */
  window: z.int().min(1),
  priority: z.int().min(0).max(9).optional(),
  owner: z.string().optional(),
  /** The `traceparent` of the fan-out. */
  trace: z.string().optional(),
  // The function that takes a task parses it.
  tasks: z.array(z.unknown()).max(LARGEST_SHARD),
});

/** Tasks that are driven as one. */
export interface Shard<K extends TaskKind = TaskKind> extends Omit<z.infer<typeof ShardSchema>, "kind" | "tasks"> {
  readonly kind: K;
  readonly tasks: readonly TaskOf<K>[];
}

const FOLDER = "fanouts/";

/** The folder of a fan-out: what an earlier one of the same run left behind is found there. */
export function shardFolder(run: string, kind: TaskKind): string {
  return `${FOLDER}${run}/${kind}/`;
}

/** The run whose fan-out a shard belongs to, by its key. */
export function runOfShard(key: string): string | undefined {
  return key.split("/")[1];
}

/** Store of the shards. */
export type ShardPlace = Pick<Store, "put" | "get" | "delete" | "list">;

/** Shards that are in flight, one object each. */
export class ShardStore {
  readonly #store: ShardPlace;

  constructor(store: ShardPlace) {
    this.#store = store;
  }

  async put<K extends TaskKind>(key: string, shard: Shard<K>): Promise<void> {
    await this.#store.put(key, new TextEncoder().encode(JSON.stringify(shard)));
  }

  /** Undefined if nobody waits for the shard any more. */
  async get(key: string): Promise<Shard | undefined> {
    const bytes = await this.#store.get(key);
    if (bytes === undefined) return undefined;
    const { success, data } = ShardSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!success) throw new ClearstackError("corrupt-data", `the shard ${key} is not one of this version`);
    return data as Shard;
  }

  async delete(key: string): Promise<void> {
    await this.#store.delete(key);
  }

  /** Keys of the shards in a folder. */
  async keys(folder: string): Promise<string[]> {
    return await Array.fromAsync(this.#store.list(folder));
  }
}
