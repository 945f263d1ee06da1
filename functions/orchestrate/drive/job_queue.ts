/** The jobs that wait for room in this process, most urgent first. */
import { JOBS } from "shared/telemetry/metrics.ts";
import { type QueuedJob, queueOrder } from "./queue_order.ts";

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

  /** Takes the job out that is first in the order of the queue. */
  next(): string | undefined {
    let best: QueuedJob | undefined;
    for (const job of this.#waiting.values()) if (!best || queueOrder(job, best) < 0) best = job;
    if (best) this.drop(best.id);
    return best?.id;
  }

  #count(): void {
    JOBS.queued.set(this.#waiting.size, {});
    // Jobs are kept in the order in which they came.
    const [oldest] = this.#waiting.values();
    JOBS.oldestQueuedSeconds.setBegin(oldest?.since, {});
  }
}
