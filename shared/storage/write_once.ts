/** Conditional writes that survive lost answers: each carries an id by which its writer knows its own work again. */

/** How one object is written if it is absent. */
export interface ConditionalWrite {
  /** Writes the object with `writeId` in its metadata unless it is there; false if it was. */
  put(writeId: string): Promise<boolean>;
  /** The write id in the metadata of the object that is there. */
  writtenBy(): Promise<string | undefined>;
}

/**
 * Writes an object unless it is there already.
 *
 * A request whose answer was lost is repeated, and then meets what its own first attempt wrote: that counts as written.
 *
 * @returns true for exactly one of any number of writers
 */
export async function writeOnce({ put, writtenBy }: ConditionalWrite): Promise<boolean> {
  const writeId = crypto.randomUUID();
  return await put(writeId) || await writtenBy() === writeId;
}
