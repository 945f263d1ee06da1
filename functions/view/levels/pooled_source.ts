/** The source of a view at its coarser levels: means of its voxels, made where they are needed. */
import type { LevelTask } from "shared/contract/level.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { createArray } from "shared/image/zarr/create_array.ts";
import { levelArray, levelRecordKey, objectKey, recordOwner } from "shared/image/output/output_layout.ts";
import { openStore } from "shared/storage/open_store.ts";
import { alongSpatialAxes } from "shared/volume/spatial.ts";
import type { ViewContext } from "../view_context.ts";
import { CachedTiles, type MakeOptions } from "../tiles/cached_tiles.ts";
import { doTask } from "../tiles/do_task.ts";
import { chunksOf, type TileGrid, tilesIn } from "../tiles/tile_index.ts";
import { belowBox, levelGrids, levelTile } from "./level_tile.ts";

/** Means of the source. */
export class PooledSource {
  /** By level; full resolution is the source itself. */
  readonly arrays: readonly StoredArray[];
  readonly #context: ViewContext;
  readonly #grids: readonly TileGrid[];
  readonly #tiles: readonly CachedTiles[];

  private constructor(context: ViewContext, url: string) {
    const { record: { id, plan }, lru, closing, arrays } = context;
    const { source } = plan;
    this.#context = context;
    this.#grids = levelGrids(plan);
    const { run: _, shard: __, intensity: ___, ...form } = arrays[0]!;
    const finest: StoredArray = {
      ...{ ...form, url: source.url, array: source.path, dtype: source.dtype },
      chunk: alongSpatialAxes(source, source.chunkShape),
    };
    const coarser = arrays.slice(1).map(({ shape, chunk }, at): StoredArray => ({
      ...{ ...form, url, shape, chunk, array: levelArray(at + 1), dtype: source.dtype },
    }));
    this.arrays = [finest, ...coarser];
    this.#tiles = coarser.map((_, at) =>
      new CachedTiles({
        ...{ lru, closing },
        name: `${id}/source/${at + 1}`,
        make: (index, options) => this.#make(at + 1, index, options),
        remove: (index) => this.#remove(at + 1, index),
      })
    );
  }

  /** @param url a place where nothing is */
  static async create(context: ViewContext, url: string): Promise<PooledSource> {
    const pooled = new PooledSource(context, url);
    for (const array of pooled.arrays.slice(1)) await createArray(array, context);
    return pooled;
  }

  /** The grid of tiles of a level. */
  grid(level: number): TileGrid {
    return this.#grids[level]!;
  }

  /** Resolves once tiles of a coarser level are stored. */
  async need(level: number, indices: readonly number[], options: MakeOptions): Promise<void> {
    for (const index of indices) await this.#tiles[level - 1]!.need(index, options);
  }

  async #make(level: number, index: number, options: MakeOptions): Promise<number> {
    const { record: { plan }, engine } = this.#context;
    const task: LevelTask = {
      ...levelTile(plan, level, index),
      finer: this.arrays[level - 1]!,
      output: this.arrays[level]!,
      ...(level === 1 ? { source: plan.source } : {}),
    };
    if (level > 1) {
      const below = belowBox(plan, level, task.tile.core);
      await this.need(level - 1, tilesIn(this.#grids[level - 1]!, task.tile.outer, below), options);
    }
    return await doTask(engine, "levels", task, { ...options, concurrency: plan.concurrency });
  }

  async #remove(level: number, index: number): Promise<void> {
    const array = this.arrays[level]!;
    const store = openStore(array.url, this.#context);
    const { planHash, tile } = levelTile(this.#context.record.plan, level, index);
    await store.delete(levelRecordKey(recordOwner(planHash, array), level, index));
    for (const at of chunksOf(tile.core, array.chunk)) await store.delete(objectKey(array, tile.outer, at));
  }
}
