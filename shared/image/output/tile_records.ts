/** Content of the records of finished tiles. */
import type { z } from "zod";
import { type Clipping, type StoredArray, type ValueRange, ValueRangeSchema } from "shared/contract/stored_array.ts";
import { TileRecordSchema } from "shared/contract/tile.ts";
import { ClearstackError } from "shared/errors.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { assertRun } from "./job_record.ts";
import { recordIndex, type RecordOwner, recordsPrefix } from "./output_layout.ts";
import { decodeSealed, encodeSealed } from "./sealed_json.ts";
import { joinRanges, NO_VALUES } from "shared/volume/value_range.ts";

/** Records are small and many. */
const RECORDS_AT_ONCE = 16;

/**
 * Records that all objects of a tile are written, of the full resolution or of a level.
 *
 * @throws {ClearstackError} `conflict` if the array belongs to another run by now; what writing throws
 */
export async function putRecord(
  array: StoredArray,
  key: string,
  record: Readonly<Record<string, unknown>>,
  access: StoreAccess,
): Promise<void> {
  const store = openStore(array.url, access);
  if (array.run !== undefined) await assertRun(store, array.run);
  // Without it the tile is computed again, and a record that is cut short counts as none.
  await store.put(key, encodeSealed(record), { mayBeLost: true });
}

/** Output whose records to read. */
interface RecordedRangesOptions extends RequestOptions {
  readonly folder: string;
  readonly channels: number;
  /** Channel of the tile with an index. */
  readonly channelOf: (index: number) => number;
}

/** Least and largest value of each channel, out of the records of the tiles in a folder. */
export async function recordedRanges(
  store: ReadableStore,
  { folder, channels, channelOf, ...options }: RecordedRangesOptions,
): Promise<ValueRange[]> {
  const ranges = new Array<ValueRange>(channels).fill(NO_VALUES);
  await eachRecord(store, folder, (record, key) => {
    const range = ValueRangeSchema.safeParse(record).data;
    if (range === undefined) throw new ClearstackError("corrupt-data", `${store.url}/${key} is damaged`);
    const channel = channelOf(recordIndex(key)!);
    ranges[channel] = joinRanges(ranges[channel]!, range);
  }, options);
  return ranges;
}

/**
 * What the range of integers did not hold of a whole image, whichever runs computed its tiles. The sum does not depend on their order.
 *
 * @throws {ClearstackError} what reading throws
 */
export async function recordedClipping(
  store: ReadableStore,
  owner: RecordOwner,
  options: RequestOptions = {},
): Promise<Clipping> {
  let sum: Clipping = { below: 0, above: 0, least: Infinity, largest: -Infinity };
  await eachTile(store, owner, ({ clipping }) => {
    if (clipping === undefined) return;
    const { below, above, least, largest } = clipping;
    sum = {
      below: sum.below + below,
      above: sum.above + above,
      least: Math.min(sum.least, least),
      largest: Math.max(sum.largest, largest),
    };
  }, options);
  return sum;
}

/**
 * The largest value of the source in each channel, as its tiles met it, whichever runs computed them.
 *
 * @param channelOf channel of the tile with an index
 * @throws {ClearstackError} what reading throws
 */
export async function recordedBrightest(
  store: ReadableStore,
  owner: RecordOwner,
  { channelOf, ...options }: RequestOptions & { readonly channelOf: (index: number) => number },
): Promise<ReadonlyMap<number, number>> {
  const brightest = new Map<number, number>();
  await eachTile(store, owner, ({ index, values }) => {
    if (values === undefined) return;
    const channel = channelOf(index);
    brightest.set(channel, Math.max(brightest.get(channel) ?? -Infinity, values.largest));
  }, options);
  return brightest;
}

/**
 * Indices of the tiles that were left as they are below the value that a request gave, whichever runs came to them.
 *
 * @throws {ClearstackError} what reading throws
 */
export async function recordedBelow(
  store: ReadableStore,
  owner: RecordOwner,
  options: RequestOptions = {},
): Promise<ReadonlySet<number>> {
  const below = new Set<number>();
  await eachTile(store, owner, ({ index, empty }) => void (empty === "below" && below.add(index)), options);
  return below;
}

/** The records of an output's tiles, in any order. One that cannot be read is left out: an output is not finished with it. */
async function eachTile(
  store: ReadableStore,
  owner: RecordOwner,
  visit: (record: z.infer<typeof TileRecordSchema>) => void,
  options: RequestOptions,
): Promise<void> {
  await eachRecord(store, recordsPrefix(owner), (record) => {
    const { data } = TileRecordSchema.safeParse(record);
    if (data !== undefined) visit(data);
  }, options);
}

/** The records in a folder, in any order; undefined for one that is damaged. */
async function eachRecord(
  store: ReadableStore,
  folder: string,
  visit: (record: unknown, key: string) => void,
  options: RequestOptions,
): Promise<void> {
  const keys = (await Array.fromAsync(store.list(folder))).filter((key) => recordIndex(key) !== undefined);
  await mapLimited(keys, RECORDS_AT_ONCE, async (key) => visit(decodeSealed(await store.get(key, options)), key));
}
