/** The jobs that wait for room in this process, most urgent first. */
import { JOBS } from "shared/telemetry/metrics.ts";

/** A job that waits. */
export interface QueuedJob {
  readonly id: string;
  /** 0 to 9. */
  readonly priority: number;
}

/** Waiting so long makes up for one step of priority, so that no job waits for ever behind more urgent ones. */
const MS_PER_PRIORITY = 10 * 60_000;

/** Jobs that wait, and since when. */
export class JobQueue {
  /** Milliseconds since 1970 by job, in the order in which they came. */
  readonly #waiting = new Map<string, QueuedJob & { readonly since: number }>();

  /** Adds a job, or changes the priority of one that waits. */
  add(job: QueuedJob): void {
    this.#waiting.set(job.id, { ...job, since: this.#waiting.get(job.id)?.since ?? Date.now() });
    this.#count();
  }

  /** Takes a job out; false if it does not wait. */
  drop(id: string): boolean {
    const waited = this.#waiting.delete(id);
    this.#count();
    return waited;
  }

  /** Takes the most urgent job out, the one that came first among equals. */
  next(): string | undefined {
    const now = Date.now();
    const urgency = ({ priority, since }: QueuedJob & { readonly since: number }) =>
      priority + Math.floor((now - since) / MS_PER_PRIORITY);
    let best: (QueuedJob & { readonly since: number }) | undefined;
    for (const job of this.#waiting.values()) if (!best || urgency(job) > urgency(best)) best = job;
    if (best) this.drop(best.id);
    return best?.id;
  }

  #count(): void {
    JOBS.queued.set(this.#waiting.size, {});
    const now = Date.now();
    const oldest = Math.min(now, ...[...this.#waiting.values()].map(({ since }) => since));
    JOBS.oldestQueuedSeconds.set((now - oldest) / 1000, {});
  }
}
