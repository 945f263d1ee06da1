/** Conditional writes that survive lost answers: each carries an id by which its writer knows its own work again. */

/** Conditional write of one object. */
interface ConditionalWrite {
  /** Writes the object with `writeId` in its metadata if the condition holds: its new tag, or undefined if it does not. */
  put(writeId: string): Promise<string | undefined>;
  /** Write id and tag of the object that is there. */
  written(): Promise<{ readonly writeId: string | undefined; readonly tag: string } | undefined>;
}

/**
 * Writes an object if it is as expected.
 *
 * A request whose answer was lost is repeated, and then meets what its own first attempt wrote: that counts as written.
 *
 * @returns the new tag for exactly one of any number of writers with the same expectation, undefined for the others
 */
export async function writeOnce({ put, written }: ConditionalWrite): Promise<string | undefined> {
  const writeId = crypto.randomUUID();
  const tag = await put(writeId);
  if (tag !== undefined) return tag;
  const there = await written();
  return there?.writeId === writeId ? there.tag : undefined;
}
