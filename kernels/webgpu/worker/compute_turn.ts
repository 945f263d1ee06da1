/**
 * Takes turns in computing between Workers that share a GPU: two that computed together would only share its speed and its
 * cache, while one that computes hides the transfers of the other.
 */

const FREE = 0;

/** Interval at which a waiting Worker asks whether it is still wanted. */
const LOOK_MILLISECONDS = 100;

/**
 * One word of memory: {@link FREE}, or the number of the Worker that computes. Pages that are not cross-origin isolated share no
 * memory: each Worker gets a copy there, which is free whenever it looks, so that they compute beside each other.
 */
export type TurnState = Int32Array<ArrayBufferLike>;

/** State that nobody holds. */
export function freeTurn(): TurnState {
  const bytes = Int32Array.BYTES_PER_ELEMENT;
  // Absent in such pages, whatever the types say.
  return new Int32Array(
    typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes),
  );
}

/** Ends the turn of a Worker, if it is its turn; for Workers that cannot do it any more themselves. */
export function endTurn(state: TurnState, worker: number): void {
  if (Atomics.compareExchange(state, 0, worker, FREE) === worker) Atomics.notify(state, 0, 1);
}

/** A Worker's part in taking turns. */
export class ComputeTurn {
  readonly #state: TurnState;
  readonly #worker: number;

  /** @param worker number of the Worker, from 1 */
  constructor(state: TurnState, worker: number) {
    this.#state = state;
    this.#worker = worker;
  }

  /**
   * Runs `f` when it is this Worker's turn, or at once if it is not wanted any more: `f` is what says so.
   *
   * @returns what `f` returned, and the seconds that it waited
   */
  async run<T>(
    f: () => Promise<T>,
    isCancelled: () => boolean,
  ): Promise<{ readonly result: T; readonly waited: number }> {
    const began = performance.now();
    await this.#take(isCancelled);
    const waited = (performance.now() - began) / 1000;
    try {
      return { result: await f(), waited };
    } finally {
      endTurn(this.#state, this.#worker);
    }
  }

  async #take(isCancelled: () => boolean): Promise<void> {
    for (;;) {
      const holder = Atomics.compareExchange(this.#state, 0, FREE, this.#worker);
      if (holder === FREE || isCancelled()) return;
      await changeOf(this.#state, holder);
    }
  }
}

/** Resolves once the state is another, or it is time to look; the timer keeps the event loop going, which a wait does not. */
async function changeOf(state: TurnState, holder: number): Promise<void> {
  const { promise: time, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LOOK_MILLISECONDS);
  await Promise.race([Atomics.waitAsync(state, 0, holder, LOOK_MILLISECONDS).value, time]);
  clearTimeout(timer);
}
