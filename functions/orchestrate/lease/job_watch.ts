/**
 * Decides which jobs of a shared store this runner may take: those that nobody works on, and those whose runner is dead. A
 * runner is dead if its lease has not changed for as long as this one has watched it: no clock is compared with another's.
 */
import { hasEnded } from "shared/engine/job_runner.ts";
import { isClearstackError } from "shared/errors.ts";
import { JOBS } from "shared/telemetry/metrics.ts";
import type { Holder } from "./leased_job.ts";
import type { JobStore } from "../jobs/job_store.ts";

/** A job that may be taken as long as its record has this tag. */
export interface Candidate {
  readonly id: string;
  readonly tag: string;
  readonly priority: number;
}

interface JobWatchOptions {
  readonly store: JobStore;
  readonly holder: Holder;
  /** A lease that does not change for so long is void. */
  readonly leaseMs: number;
  readonly log: (line: string) => void;
}

/** A mark without a job is that of a submission that is under way; after so long it is one that was cut off. */
const SUBMISSION_MILLISECONDS = 10 * 60_000;

/** This runner's knowledge of the jobs that others hold. */
export class JobWatch {
  readonly #options: JobWatchOptions;
  readonly #seen = new Map<string, { readonly tag: string; readonly since: number }>();
  /** Jobs whose records are damaged, or of another version. */
  readonly #illegible = new Set<string>();
  readonly #candidates = new Map<string, Candidate>();
  /** Times at which candidates became known, milliseconds since 1970. */
  readonly #waitingSince = new Map<string, number>();

  constructor(options: JobWatchOptions) {
    this.#options = options;
  }

  /** Adds a job that is known to wait. */
  add(candidate: Candidate): void {
    this.#candidates.set(candidate.id, candidate);
    if (!this.#waitingSince.has(candidate.id)) this.#waitingSince.set(candidate.id, Date.now());
    this.#countQueue();
  }

  /** No longer proposes a job. */
  drop(id: string): void {
    this.#candidates.delete(id);
    this.#waitingSince.delete(id);
    this.#countQueue();
  }

  #countQueue(): void {
    JOBS.queued.set(this.#candidates.size, {});
    const oldest = Math.min(Date.now(), ...this.#waitingSince.values());
    JOBS.oldestQueuedSeconds.set((Date.now() - oldest) / 1000, {});
  }

  /** Takes one job out, if it may be taken. */
  take(id: string): Candidate | undefined {
    const candidate = this.#candidates.get(id);
    this.drop(id);
    return candidate;
  }

  /** Takes the most urgent job out, the oldest among equals. */
  next(): Candidate | undefined {
    let best: Candidate | undefined;
    for (const one of this.#candidates.values()) {
      if (!best || one.priority > best.priority || (one.priority === best.priority && one.id < best.id)) best = one;
    }
    if (best) this.drop(best.id);
    return best;
  }

  /**
   * Looks at the live jobs.
   *
   * @param isHeld true for those that this runner has itself
   * @returns ids of the live jobs
   * @param atStart true where this runner has just started, so that leases in its own name are those of an earlier life
   */
  async look(isHeld: (id: string) => boolean, atStart = false): Promise<Set<string>> {
    const { store, log } = this.#options;
    // From before the question: a job that is added while it is under way is no less alive.
    const known = [...this.#candidates.keys(), ...this.#seen.keys()];
    const live = new Set(await store.liveIds());
    this.#countQueue();
    for (const id of known) {
      if (live.has(id)) continue;
      this.drop(id);
      this.#seen.delete(id);
    }
    for (const id of live) {
      if (isHeld(id) || this.#candidates.has(id) || this.#illegible.has(id)) continue;
      try {
        await this.#judge(id, atStart);
      } catch (error) {
        if (!isClearstackError(error, "corrupt-data")) throw error;
        this.#illegible.add(id);
        log(`${error.message}: it is left alone`);
      }
    }
    return live;
  }

  async #judge(id: string, atStart: boolean): Promise<void> {
    const { store, holder, leaseMs } = this.#options;
    const found = await store.read(id);
    if (!found) {
      if (this.#unchanged(id, "") > SUBMISSION_MILLISECONDS) await store.release(id);
      return;
    }
    const { record: { status, lease, webhook }, tag } = found;
    if (hasEnded(status) && webhook !== "pending") return await store.release(id);
    const mine = atStart && lease?.instance === holder.instance;
    if (lease && !mine && this.#unchanged(id, tag) < leaseMs) return;
    this.#seen.delete(id);
    this.add({ id, tag, priority: status.request.priority });
  }

  /** Milliseconds since a job was first seen in this state. */
  #unchanged(id: string, tag: string): number {
    const seen = this.#seen.get(id);
    if (seen?.tag === tag) return performance.now() - seen.since;
    this.#seen.set(id, { tag, since: performance.now() });
    return 0;
  }
}
