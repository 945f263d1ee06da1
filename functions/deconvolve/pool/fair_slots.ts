/** Numbered places for asynchronous work, first come first served; who waits can give up. */
import { ClearstackError } from "shared/errors.ts";

interface Waiting {
  readonly limit: number;
  readonly enter: (slot: number) => void;
}

/** Slots 0, 1, ...; each has one holder at a time. */
export class FairSlots {
  readonly #held = new Set<number>();
  readonly #waiting: Waiting[] = [];

  /** Slots that somebody holds. */
  get held(): ReadonlySet<number> {
    return this.#held;
  }

  /**
   * Runs `f` with the lowest free slot below `limit`, once everyone who came before has one.
   *
   * @throws {ClearstackError} `cancelled` if the signal fires before `f` was started; and whatever `f` throws
   */
  async run<T>(f: (slot: number) => Promise<T>, limit: number, signal: AbortSignal): Promise<T> {
    const slot = await this.#acquire(limit, signal);
    try {
      return await f(slot);
    } finally {
      this.#held.delete(slot);
      this.#admit();
    }
  }

  #acquire(limit: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        limit,
        enter: (slot) => {
          signal.removeEventListener("abort", giveUp);
          resolve(slot);
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(cancelled());
        this.#admit();
      };
      this.#waiting.push(waiting);
      signal.addEventListener("abort", giveUp, { once: true });
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#held.size < next.limit; next = this.#waiting[0]) {
      this.#waiting.shift();
      let slot = 0;
      while (this.#held.has(slot)) slot++;
      this.#held.add(slot);
      next.enter(slot);
    }
  }
}

function cancelled(): ClearstackError {
  return new ClearstackError("cancelled", "cancelled while waiting for the device");
}
