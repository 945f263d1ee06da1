/** One holder at a time, first come first served; who waits can give up. */
import { ClearstackError } from "shared/errors.ts";

/** A lock for asynchronous work. */
export class FairLock {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  /**
   * Runs `f` once everyone who came before has finished.
   *
   * @throws {ClearstackError} `cancelled` if the signal fires before `f` was started; and whatever `f` throws
   */
  async run<T>(f: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#acquire(signal);
    try {
      return await f();
    } finally {
      this.#release();
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(cancelled());
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(cancelled());
      };
      this.#waiting.push(enter);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#held = false;
  }
}

function cancelled(): ClearstackError {
  return new ClearstackError("cancelled", "cancelled while waiting for the device");
}
