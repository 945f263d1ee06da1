/**
 * Coarser levels of a view: the means of full resolution where that has been computed, or the job has computed them; an approximation
 * until then.
 */
import type { StoredArray } from "shared/contract/stored_array.ts";
import { levelRecordKey, objectKey, type RecordOwner, recordOwner } from "shared/image/output/output_layout.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { openStore } from "shared/storage/open_store.ts";
import { objectUrl } from "shared/storage/url.ts";
import type { ChunkPlace } from "../http/object_key.ts";
import { CachedTiles, type MakeOptions } from "../tiles/cached_tiles.ts";
import { doTask } from "../tiles/do_task.ts";
import { JobTiles } from "../tiles/job_tiles.ts";
import { chunksOf, type TileGrid, tileIndex, tilePosition, tilesIn } from "../tiles/tile_index.ts";
import type { ViewContext } from "../view_context.ts";
import { type ApproximateLevel, openApproximateLevel } from "./approximate_level.ts";
import { belowBox, levelGrids, levelTile } from "./level_tile.ts";
import { PooledSource } from "./pooled_source.ts";

/** Folder of what is made for approximations, beside the output of the view. */
const FOLDER = "approximate/";

/** Where a chunk is stored, as its tile is. */
export interface ReadyChunk {
  readonly array: StoredArray;
  readonly approximate: boolean;
  /** Of its tile: 0 where that holds nothing but zeros, which are not stored. */
  readonly storedBytes: number;
}

export class CoarseLevels {
  readonly #context: ViewContext;
  /** Full resolution, then each coarser level. */
  readonly #tiles: readonly CachedTiles[];
  readonly #grids: readonly TileGrid[];
  readonly #job: JobTiles | undefined;
  readonly #pooled = new RecentCache<"source", PooledSource>(1);
  readonly #approximate: RecentCache<number, ApproximateLevel>;

  /** @param finest tiles of full resolution */
  private constructor(context: ViewContext, finest: CachedTiles) {
    const { record: { id, plan, job }, lru, closing } = context;
    this.#context = context;
    this.#grids = levelGrids(plan);
    this.#job = job && new JobTiles(job.output);
    this.#approximate = new RecentCache(Math.max(1, plan.levels.length));
    const coarser = plan.levels.map((_, at) =>
      new CachedTiles({
        ...{ lru, closing },
        name: `${id}/${at + 1}`,
        make: (index, options) => this.#make(at + 1, index, options),
        remove: (index) => this.#remove(at + 1, index),
      })
    );
    this.#tiles = [finest, ...coarser];
  }

  /** Opens the levels; approximations that an earlier process has left are removed. */
  static async open(context: ViewContext, finest: CachedTiles): Promise<CoarseLevels> {
    const levels = new CoarseLevels(context, finest);
    await openStore(levels.#folder(), context).deleteAll(FOLDER);
    return levels;
  }

  /** Resolves once the chunk of a coarser level is stored. */
  async need({ level, outer, at }: ChunkPlace, options: MakeOptions): Promise<ReadyChunk> {
    const grid = this.#grids[level]!;
    const index = tileIndex(grid, outer, tilePosition(grid, at));
    if (this.#canBeExact(level, index) || await this.#copy(level, index, options)) {
      const storedBytes = await this.#tiles[level]!.need(index, options);
      return { array: this.#context.arrays[level]!, approximate: false, storedBytes };
    }
    const approximation = await this.#approximation(level, options.signal);
    const { array, tiles } = approximation;
    const tile = tileIndex(approximation.grid, outer, tilePosition(approximation.grid, at));
    return { array, approximate: true, storedBytes: await tiles.need(tile, options) };
  }

  /** Has the tile of a chunk made anew that turned out not to be there. */
  async drop({ level, outer, at }: ChunkPlace, signal: AbortSignal): Promise<void> {
    const grid = this.#grids[level]!;
    const index = tileIndex(grid, outer, tilePosition(grid, at));
    if (this.#tiles[level]!.has(index)) return this.#tiles[level]!.drop(index);
    const approximation = await this.#approximation(level, signal);
    approximation.tiles.drop(tileIndex(approximation.grid, outer, tilePosition(approximation.grid, at)));
  }

  /** True if a tile is there, or all of full resolution that it is the mean of. */
  #canBeExact(level: number, index: number): boolean {
    if (this.#tiles[level]!.has(index)) return true;
    if (level === 0) return false;
    const { plan } = this.#context.record;
    const { outer, core } = levelTile(plan, level, index).tile;
    const finer = tilesIn(this.#grids[level - 1]!, outer, belowBox(plan, level, core));
    return finer.every((tile) => this.#canBeExact(level - 1, tile));
  }

  async #make(level: number, index: number, options: MakeOptions): Promise<number> {
    const { record: { plan }, engine, arrays } = this.#context;
    const { planHash } = await this.#context.decided(options.signal);
    const task = { ...levelTile(plan, level, index), planHash };
    for (const finer of tilesIn(this.#grids[level - 1]!, task.tile.outer, belowBox(plan, level, task.tile.core))) {
      await this.#tiles[level - 1]!.need(finer, options);
    }
    const whole = { ...task, finer: arrays[level - 1]!, output: arrays[level]! };
    return await doTask(engine, "levels", whole, { ...options, concurrency: plan.concurrency });
  }

  /** Takes a tile over from the job's output. @returns true if the job has finished it */
  async #copy(level: number, index: number, { signal }: MakeOptions): Promise<boolean> {
    if (this.#job === undefined) return false;
    const { record: { plan }, environment, arrays, output: { run } } = this.#context;
    const { planHash } = await this.#context.decided(signal);
    const { outer, core } = levelTile(plan, level, index).tile;
    const recordKey = (owner: RecordOwner) => levelRecordKey(owner, level, index);
    const place = { index, array: arrays[level]!, outer, core, planHash, run, recordKey };
    const bytes = await this.#job.copy(place, { environment, signal });
    if (bytes === undefined) return false;
    this.#tiles[level]!.keep(index, bytes);
    return true;
  }

  async #remove(level: number, index: number): Promise<void> {
    const { record: { plan }, arrays, store, closing } = this.#context;
    const { planHash } = await this.#context.decided(closing);
    const { outer, core } = levelTile(plan, level, index).tile;
    const array = arrays[level]!;
    await store.delete(levelRecordKey(recordOwner(planHash, array), level, index));
    for (const at of chunksOf(core, array.chunk)) await store.delete(objectKey(array, outer, at));
  }

  async #approximation(level: number, signal: AbortSignal): Promise<ApproximateLevel> {
    const place = (name: string) => objectUrl(this.#folder(), `${FOLDER}${name}`);
    const make = () => PooledSource.create(this.#context, place("source.zarr"));
    const pooled = await this.#pooled.get("source", make, signal);
    return await this.#approximate.get(
      level,
      (signal) => openApproximateLevel(this.#context, { level, pooled, place, signal }),
      signal,
    );
  }

  /** Folder of everything that is computed for the view. */
  #folder(): string {
    return this.#context.record.request.output.url.replace(/\/[^/]*$/, "");
  }
}
