/**
 * The room for tasks: instances of a function, each with as much room as a plan claims, shared fairly between everything that is
 * fanned out in this process. An instance that fails is left alone for a while.
 */
import { ClearstackError } from "shared/errors.ts";
import type { Log } from "shared/telemetry/log.ts";
import type { TaskFunctions, TaskKind } from "./task_kinds.ts";

/** Room that rounding may seem to take away. */
const ROUNDING = 1e-6;

const FIRST_REST_MILLISECONDS = 2000;
const LONGEST_REST_MILLISECONDS = 60_000;

/** Priority unless something else is said; from 0 to 9. */
const DEFAULT_PRIORITY = 5;

interface WorkersOptions {
  /** Instances that answer behind each entry, where it is a balancer. @default {1} */
  readonly copies?: number;
  /** Tasks of one owner in flight at the same time. @default {no limit} */
  readonly mostPerOwner?: number;
  /** Names of the entries in the log. @default {their numbers} */
  readonly names?: readonly string[];
  /** Told when an instance rests, and when it answers again. @default {nobody} */
  readonly log?: Log | undefined;
}

/** Options of a lane. */
export interface LaneOptions {
  /** Tasks of this lane that fill one instance. */
  readonly concurrency: number;
  /** From 0 to 9: a lane gets room in proportion to its priority plus one. @default {DEFAULT_PRIORITY} */
  readonly priority?: number | undefined;
  readonly owner?: string | undefined;
}

/** Room for one task on one instance; give it back. */
export interface Place<Kinds extends TaskKind> {
  readonly functions: TaskFunctions<Kinds>;
  readonly instance: number;
  /** True if there are further instances. */
  readonly others: boolean;
  /** @param failed true if the instance itself seems to be at fault */
  release(failed?: boolean): void;
}

/** Options of {@link Lane.take}. */
export interface TakeOptions {
  readonly signal: AbortSignal;
  /** For a second attempt beside a running one: any other instance, once nobody else waits. */
  readonly besides?: number;
}

interface Instance<Kinds extends TaskKind> {
  readonly functions: TaskFunctions<Kinds>;
  readonly index: number;
  /** Share of its room that is taken, from 0 to the number of copies. */
  load: number;
  inFlight: number;
  failures: number;
  restsUntil: number;
}

interface Waiting<Kinds extends TaskKind> {
  readonly besides: number | undefined;
  readonly grant: (place: Place<Kinds>) => void;
}

/** The place in the queue of one fan-out. */
interface LaneState<Kinds extends TaskKind> {
  readonly share: number;
  readonly weight: number;
  readonly owner: string | undefined;
  readonly waiting: Set<Waiting<Kinds>>;
  /** Room it was given so far, divided by its weight; who has the least is served next. */
  served: number;
}

/** View of {@link Workers} that fan-outs have. */
export interface Room<Kinds extends TaskKind> {
  /** Instances in all. */
  readonly count: number;
  /** Queues for places. */
  open(options: LaneOptions): Lane<Kinds>;
}

/** Hands out places on instances that all take the same kinds of tasks. */
export class Workers<Kinds extends TaskKind = TaskKind> implements Room<Kinds> {
  readonly #instances: readonly Instance<Kinds>[];
  readonly #copies: number;
  readonly #mostPerOwner: number;
  readonly #names: readonly string[];
  readonly #log: Log;
  readonly #lanes = new Set<LaneState<Kinds>>();
  readonly #perOwner = new Map<string, number>();
  #wakeUp: ReturnType<typeof setTimeout> | undefined;

  /** @param functions one entry for each instance, at least one */
  constructor(
    functions: readonly TaskFunctions<Kinds>[],
    { copies = 1, mostPerOwner = Infinity, names = [], log = () => {} }: WorkersOptions = {},
  ) {
    const idle = { load: 0, inFlight: 0, failures: 0, restsUntil: 0 };
    this.#instances = functions.map((functions, index) => ({ functions, index, ...idle }));
    this.#copies = copies;
    this.#mostPerOwner = mostPerOwner;
    this.#names = names;
    this.#log = log;
  }

  get count(): number {
    return this.#instances.length * this.#copies;
  }

  open({ concurrency, priority = DEFAULT_PRIORITY, owner }: LaneOptions): Lane<Kinds> {
    // Who comes later is not owed what others were given before.
    const served = Math.min(...[...this.#lanes].map((lane) => lane.served));
    const lane: LaneState<Kinds> = {
      share: 1 / concurrency,
      weight: priority + 1,
      owner,
      waiting: new Set(),
      served: Number.isFinite(served) ? served : 0,
    };
    this.#lanes.add(lane);
    return {
      take: (options) => this.#take(lane, options),
      close: () => void this.#lanes.delete(lane),
    };
  }

  #take(lane: LaneState<Kinds>, { signal, besides }: TakeOptions): Promise<Place<Kinds>> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        lane.waiting.delete(entry);
        reject(new ClearstackError("cancelled", "cancelled while waiting for an instance"));
      };
      const entry: Waiting<Kinds> = {
        besides,
        grant: (place) => {
          signal.removeEventListener("abort", leave);
          resolve(place);
        },
      };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      lane.waiting.add(entry);
      this.#serve();
    });
  }

  /** Grants what can be granted; who is next in line is waited for, so that a small task never starves a large one. */
  #serve(): void {
    while (this.#serveOne(false));
    const firstInLine = [...this.#lanes].some((lane) => this.#next(lane, false) !== undefined);
    if (!firstInLine) { while (this.#serveOne(true)); }
    this.#planWakeUp();
  }

  #serveOne(besides: boolean): boolean {
    let first: LaneState<Kinds> | undefined;
    for (const lane of this.#lanes) {
      if ((first && first.served <= lane.served) || this.#next(lane, besides) === undefined) continue;
      if (besides && !this.#roomFor(lane, this.#next(lane, true)!)) continue;
      first = lane;
    }
    if (!first) return false;
    const entry = this.#next(first, besides)!;
    const instance = this.#roomFor(first, entry);
    if (!instance) return false;
    first.waiting.delete(entry);
    entry.grant(this.#occupy(first, instance));
    return true;
  }

  #next(lane: LaneState<Kinds>, besides: boolean): Waiting<Kinds> | undefined {
    if ((this.#perOwner.get(lane.owner ?? "") ?? 0) >= this.#mostPerOwner && lane.owner !== undefined) return undefined;
    for (const entry of lane.waiting) if ((entry.besides !== undefined) === besides) return entry;
    return undefined;
  }

  /** The instance with the least to do that has room; those that failed lately only where there is no other. */
  #roomFor({ share }: LaneState<Kinds>, { besides }: Waiting<Kinds>): Instance<Kinds> | undefined {
    const rested = this.#instances.filter(({ restsUntil }) => restsUntil <= Date.now());
    const usable = rested.length > 0 ? rested : this.#instances;
    let best: Instance<Kinds> | undefined;
    for (const instance of usable) {
      if (instance.load + share > this.#copies + ROUNDING) continue;
      if (instance.index === besides && this.#copies === 1) continue;
      if (!best || instance.load < best.load) best = instance;
    }
    return best;
  }

  #occupy(lane: LaneState<Kinds>, instance: Instance<Kinds>): Place<Kinds> {
    const { share, owner } = lane;
    lane.served += share / lane.weight;
    instance.load += share;
    instance.inFlight++;
    if (owner !== undefined) this.#perOwner.set(owner, (this.#perOwner.get(owner) ?? 0) + 1);
    return {
      functions: instance.functions,
      instance: instance.index,
      others: this.count > 1,
      release: (failed = false) => {
        instance.inFlight--;
        instance.load = instance.inFlight === 0 ? 0 : instance.load - share;
        if (owner !== undefined) this.#forgetOne(owner);
        if (failed) this.#rest(instance);
        else this.#awake(instance);
        this.#serve();
      },
    };
  }

  /** Those that fail together fail once. */
  #rest(instance: Instance<Kinds>): void {
    const resting = instance.restsUntil > Date.now();
    const milliseconds = Math.min(LONGEST_REST_MILLISECONDS, FIRST_REST_MILLISECONDS * 2 ** instance.failures++);
    instance.restsUntil = Date.now() + milliseconds;
    if (resting) return;
    const name = this.#nameOf(instance);
    this.#log(`${name} failed and is left alone for ${milliseconds / 1000} s`, { level: "warn", instance: name });
  }

  #awake(instance: Instance<Kinds>): void {
    if (instance.failures > 0) {
      const name = this.#nameOf(instance);
      this.#log(`${name} answers again`, { level: "info", instance: name });
    }
    instance.failures = instance.restsUntil = 0;
  }

  #nameOf({ index }: Instance<Kinds>): string {
    return this.#names[index] ?? `instance ${index + 1}`;
  }

  #forgetOne(owner: string): void {
    const left = this.#perOwner.get(owner)! - 1;
    if (left === 0) this.#perOwner.delete(owner);
    else this.#perOwner.set(owner, left);
  }

  /** Somebody may wait for an instance that rests. */
  #planWakeUp(): void {
    clearTimeout(this.#wakeUp);
    this.#wakeUp = undefined;
    if (![...this.#lanes].some(({ waiting }) => waiting.size > 0)) return;
    const resting = this.#instances.map(({ restsUntil }) => restsUntil).filter((until) => until > Date.now());
    if (resting.length === 0) return;
    this.#wakeUp = setTimeout(() => this.#serve(), Math.min(...resting) - Date.now() + 1);
  }
}

/** One fan-out's queue for places. */
export interface Lane<Kinds extends TaskKind> {
  /**
   * Waits for room on an instance.
   *
   * @throws {ClearstackError} `cancelled`
   */
  take(options: TakeOptions): Promise<Place<Kinds>>;
  /** No more places will be taken. */
  close(): void;
}

/** Workers for the tasks of each kind. */
export type WorkersByKind = { readonly [K in TaskKind]: Room<K> };
