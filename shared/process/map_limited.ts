/**
 * Applies `run` to all items, at most `concurrency` at a time, in order of beginning. After a failure none begins that has not
 * begun; once those under way have ended, the failure of the foremost item is thrown, so that nothing goes on behind the caller's
 * back, and that it is the same one however long each takes: whatever comes before an item that failed has begun.
 * `p-map` rejects at a failure while others are under way, or begins all the rest first; its `pMapStop` waits only for items
 * before the one that stops. `p-limit` holds a queued call and promises for every item from the beginning.
 *
 * @returns the results in the order of the items
 */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const failures: { readonly index: number; readonly error: unknown }[] = [];
  const worker = async () => {
    while (failures.length === 0 && next < items.length) {
      const index = next++;
      try {
        results[index] = await run(items[index]!);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  const [foremost] = failures.toSorted((one, other) => one.index - other.index);
  if (foremost !== undefined) throw foremost.error;
  return results;
}
