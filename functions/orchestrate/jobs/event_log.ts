/** The events of one job: kept for those who come late, handed on to those who wait. */
import type { JobEvent } from "shared/contract/job_status.ts";
import type { EventsOptions } from "shared/engine/job_runner.ts";

/** Events kept. Each carries the whole status, so that who missed some has lost nothing but detail. */
const KEPT_EVENTS = 256;

/** Events in order; a reader gets those it has not seen, then waits for more until the log ends. */
export class EventLog {
  #events: JobEvent[] = [];
  #latest: number;
  #ended = false;
  readonly #waiting = new Set<() => void>();

  /** @param latest sequence number of the last event that was told before this log began */
  constructor(latest = 0) {
    this.#latest = latest;
  }

  /** Sequence number of the last event. */
  get latest(): number {
    return this.#latest;
  }

  /** Adds an event; its sequence number, which its status tells too, is the next one and comes back. */
  append(event: Omit<JobEvent, "sequence">): number {
    const sequence = ++this.#latest;
    this.#events.push({ ...event, status: { ...event.status, sequence }, sequence });
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#wake();
    return sequence;
  }

  /** No more events will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Readers that wait for an event. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Events after the one with sequence number `after`, then live ones; ends with the log, or when the signal fires. A number
   * this log has not reached comes from before a restart, and is taken as none.
   */
  async *read({ after = 0, signal }: EventsOptions = {}): AsyncGenerator<JobEvent> {
    let seen = after > this.#latest ? 0 : after;
    while (!signal?.aborted) {
      // A copy: events may be added and dropped while the reader is busy with one.
      for (const event of this.#events.filter(({ sequence }) => sequence > seen)) {
        seen = event.sequence;
        yield event;
      }
      if (seen < this.#latest) continue;
      if (this.#ended) return;
      await this.#change(signal);
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener("abort", done);
    });
  }
}
