/** Whether all that the records of an output say is still there: of each object its size, or its checksum. */
import type { z } from "zod";
import { LevelRecordSchema } from "shared/contract/level.ts";
import type { StoredObjects } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { levelGrid } from "shared/plan/levels/pyramid.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { Store } from "shared/storage/store.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { volumeCount } from "shared/volume/volumes.ts";
import type { LevelledOutput } from "./level_arrays.ts";
import { assertRun } from "./job_record.ts";
import {
  DONE_KEY,
  levelRecordsPrefix,
  recordIndex,
  type RecordOwner,
  recordOwner,
  recordsPrefix,
} from "./output_layout.ts";
import { removeDamagedRoot } from "./output_place.ts";
import { decodeSealed } from "./sealed_json.ts";
import { damagedOutput, objectDamage, type VerifyOptions } from "./stored_objects.ts";

/** Records are small and many, and so are questions about objects. */
const CHECKS_AT_ONCE = 16;

/** Records of one kind. */
type RecordSchema = z.ZodType<{ readonly objects?: StoredObjects | undefined }>;

/** Tiles of the full resolution or of a level. */
interface CheckedTiles {
  /** Indices of those whose objects are there. */
  readonly done: ReadonlySet<number>;
  /** What is wrong with the others that have a record, in words. */
  readonly damage: readonly string[];
}

/**
 * Reads the records in a folder and looks for the objects they stand for. A record that cannot be read is as good as none. One of
 * an earlier version, which knows nothing of its objects, is taken at its word, unless checksums are asked for.
 */
async function checkTiles(
  store: Store,
  { folder, schema }: { readonly folder: string; readonly schema: RecordSchema },
  options: VerifyOptions = {},
): Promise<CheckedTiles> {
  const done = new Set<number>();
  const damage: string[] = [];
  const keys = (await Array.fromAsync(store.list(folder))).filter((key) => !key.slice(folder.length).includes("/"));
  await mapLimited(keys.sort(), CHECKS_AT_ONCE, async (key) => {
    const index = recordIndex(key);
    if (index === undefined) return;
    const record = schema.safeParse(decodeSealed(await store.get(key, options))).data;
    const wrong = record === undefined
      ? `${key} cannot be read`
      : record.objects !== undefined
      ? await objectDamage(store, record.objects, options)
      : options.verify
      ? `${key} knows no checksums`
      : undefined;
    if (wrong === undefined) done.add(index);
    else damage.push(wrong);
  });
  return { done, damage };
}

/** Tiles of the full resolution that have a record, which is not looked into. */
export async function countRecords(store: Store, owner: RecordOwner): Promise<number> {
  let count = 0;
  for await (const key of store.list(recordsPrefix(owner))) if (recordIndex(key) !== undefined) count++;
  return count;
}

/** An output with all its tiles. */
interface WholeOutput {
  readonly output: LevelledOutput;
  /** Tiles of the full resolution. */
  readonly tiles: number;
  /** Of their records. */
  readonly schema: RecordSchema;
}

/** Folders of the records of an output: of the full resolution, then of each level, with the number that each should hold. */
function recordFolders({ output, tiles, schema }: WholeOutput) {
  const { planHash, source, levels, arrays } = output;
  const owner = recordOwner(planHash, arrays[0]!);
  return [
    { folder: recordsPrefix(owner), schema, expected: tiles },
    ...levels.map((level, index) => ({
      folder: levelRecordsPrefix(owner, index + 1),
      schema: LevelRecordSchema,
      expected: volumeCount(source) * voxelCount(levelGrid(level)),
    })),
  ];
}

/** State of an output that is continued. */
interface Continued {
  /** Tiles of the full resolution that need not be computed again. */
  readonly done: ReadonlySet<number>;
  /** True if it is finished and nothing of it is missing. */
  readonly whole: boolean;
}

/** Options of {@link continueTiles}. */
interface ContinueOptions extends VerifyOptions {
  /** True if the output says that it is finished. */
  readonly finished: boolean;
  /** Its metadata, where it is. */
  readonly documents?: StoredObjects | undefined;
}

/**
 * Finds what an output holds that is continued or accepted. Where something is damaged, the output no longer counts as finished,
 * and levels that may have been made from damaged tiles are forgotten.
 *
 * @throws {ClearstackError} `conflict` if the output belongs to another run by now; what reading throws
 */
export async function continueTiles(
  store: Store,
  whole: WholeOutput,
  { finished, documents = {}, ...options }: ContinueOptions,
): Promise<Continued> {
  const { planHash, arrays } = whole.output;
  const owner = recordOwner(planHash, arrays[0]!);
  const [tiles, ...levels] = recordFolders(whole);
  const { done, damage } = await checkTiles(store, tiles!, options);
  const isWhole = async () => {
    if (damage.length > 0 || done.size !== whole.tiles) return false;
    for (const level of levels) if (!await isComplete(store, level, options)) return false;
    return await objectDamage(store, documents, options) === undefined;
  };
  if (finished && await isWhole()) return { done, whole: true };
  await assertRun(store, owner.run);
  if (finished || damage.length > 0) await store.delete(DONE_KEY);
  if (damage.length > 0) await forgetLevels(store, whole.output, 1);
  await removeDamagedRoot(store);
  await store.deletePartials?.("");
  return { done, whole: false };
}

async function isComplete(
  store: Store,
  { expected, ...tilesOf }: ReturnType<typeof recordFolders>[number],
  options: VerifyOptions,
): Promise<boolean> {
  const { done, damage } = await checkTiles(store, tilesOf, options);
  return damage.length === 0 && done.size === expected;
}

/** Tiles of a level that are there; where some are damaged, the levels made from them are forgotten. */
export async function continueLevel(
  store: Store,
  output: LevelledOutput,
  level: number,
  options: VerifyOptions = {},
): Promise<ReadonlySet<number>> {
  const folder = levelRecordsPrefix(recordOwner(output.planHash, output.arrays[0]!), level);
  const { done, damage } = await checkTiles(store, { folder, schema: LevelRecordSchema }, options);
  if (damage.length > 0) await forgetLevels(store, output, level + 1);
  return done;
}

/** Removes the records of levels from this one on, so that they are made again. */
async function forgetLevels(store: Store, { planHash, levels, arrays }: LevelledOutput, first: number): Promise<void> {
  const owner = recordOwner(planHash, arrays[0]!);
  await assertRun(store, owner.run);
  for (let level = first; level <= levels.length; level++) await store.deleteAll(levelRecordsPrefix(owner, level));
}

/**
 * Makes sure that everything is there before an output is called complete.
 *
 * @throws {ClearstackError} `corrupt-data` naming what is not
 */
export async function assertWhole(store: Store, whole: WholeOutput, options: VerifyOptions = {}): Promise<void> {
  for (const { expected, ...tilesOf } of recordFolders(whole)) {
    const { done, damage: [wrong] } = await checkTiles(store, tilesOf, options);
    if (wrong === undefined && done.size === expected) continue;
    const what = wrong ?? `${tilesOf.folder} holds ${done.size} of ${expected} records`;
    throw damagedOutput(new ClearstackError("corrupt-data", `${store.url}: ${what}`));
  }
}
