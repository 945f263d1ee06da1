/** Waits for an answer as long as it moves, so that a large object over a slow line is not mistaken for a stall. */

/** Handles of an attempt: to watch, and to tell of progress. */
export interface Attempt {
  /** Fires when the attempt is given up. */
  readonly signal: AbortSignal;
  /** Told that the answer has begun, and then how many of its bytes came. */
  readonly moved: Moved;
}

/** Told how many bytes came; none for the beginning of an answer. */
export type Moved = (bytes?: number) => void;

/** The slowest answer that is waited for to its end: a byte in a millisecond, or 1 kB/s. */
const MILLISECONDS_PER_BYTE = 1;

/** Times that a wait is looked after. */
const LOOKS = 8;

/**
 * Waits for what `call` does, until nothing has moved for `timeoutMs`, or too little: time passes, and every byte that comes gives
 * a millisecond back, up to `timeoutMs`.
 *
 * @param headStartMs time besides, until the answer begins; for uploads, whose progress nobody tells
 * @returns what `call` resolves to, and rejects as it does; with `givenUp(bytes)` of all bytes that came, undefined if not even a
 *   beginning did, if that is why it rejects
 */
export async function waitWhileMoving<T>(
  { timeoutMs, headStartMs = 0, signal, givenUp }: WaitOptions,
  call: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const clock = new AbortController();
  let leftMs = timeoutMs + headStartMs;
  let came: number | undefined;
  const moved: Moved = (bytes) => {
    leftMs = Math.min(timeoutMs, bytes === undefined ? timeoutMs : leftMs + bytes * MILLISECONDS_PER_BYTE);
    came = (came ?? 0) + (bytes ?? 0);
  };
  // Looks are counted rather than time: where the thread was busy, or the machine asleep, what came meanwhile is still to be seen.
  const lookMs = timeoutMs / LOOKS;
  const timer = setInterval(() => {
    leftMs -= lookMs;
    if (leftMs <= 0) clock.abort();
  }, lookMs);
  try {
    return await call({ signal: signal === undefined ? clock.signal : AbortSignal.any([signal, clock.signal]), moved });
  } catch (error) {
    throw clock.signal.aborted ? givenUp(came, error) : error;
  } finally {
    clearInterval(timer);
  }
}

/** Options of {@link waitWhileMoving}. */
interface WaitOptions {
  readonly timeoutMs: number;
  /** @default {0} */
  readonly headStartMs?: number | undefined;
  /** Gives up before that. */
  readonly signal?: AbortSignal | undefined;
  readonly givenUp: (bytes: number | undefined, cause: unknown) => Error;
}
