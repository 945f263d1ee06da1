/** Credentials that expire: kept while they are good, renewed before they expire, by one request however many wait for them. */

/** Something with an end. */
interface Expiring {
  /** Milliseconds since 1970; absent if it never expires. */
  readonly expiresAt?: number;
}

/** A value that renews itself. */
export interface Refreshing<T> {
  /** The value, loaded or renewed if that is due. */
  get(): Promise<T>;
  /** Drops the value because a server refused it; the next `get` loads a new one. */
  forget(): void;
}

/** How long before its end a value is renewed, milliseconds: longer than any request with it may wait. */
const MARGIN_MS = 5 * 60_000;

/**
 * Keeps what `load` gives until shortly before it expires. A failed renewal is no error while the old value is good.
 *
 * @param now clock, milliseconds since 1970
 */
export function refreshing<T extends Expiring>(load: () => Promise<T>, now: () => number = Date.now): Refreshing<T> {
  let current: T | undefined;
  let renewAt = 0;
  let pending: Promise<T> | undefined;

  // Values that live shorter than the margin are renewed at half their life.
  const keep = (value: T) => {
    const end = value.expiresAt ?? Infinity;
    renewAt = Math.max(end - MARGIN_MS, (now() + end) / 2);
    return current = value;
  };
  const renew = () =>
    load().then(keep, (error) => {
      if (current !== undefined && now() < (current.expiresAt ?? Infinity)) return keep(current);
      throw error;
    }).finally(() => pending = undefined);

  return {
    get: async () => current !== undefined && now() < renewAt ? current : await (pending ??= renew()),
    forget() {
      current = undefined;
    },
  };
}
