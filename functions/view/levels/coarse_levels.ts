/** Coarser levels of a view. */
import type { LevelTask } from "shared/contract/level.ts";
import { levelRecordKey, objectKey, recordOwner } from "shared/image/output/output_layout.ts";
import { type Box, mapAxes } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import type { ViewContext } from "../view_context.ts";
import type { ChunkPlace } from "../http/object_key.ts";
import { CachedTiles, type MakeOptions } from "../tiles/cached_tiles.ts";
import { chunksOf, levelTileGrid, type TileGrid, tileIndex, tilePosition, tilesIn } from "../tiles/tile_index.ts";

export class CoarseLevels {
  readonly #context: ViewContext;
  /** Full resolution, then each coarser level. */
  readonly #tiles: readonly CachedTiles[];
  readonly #grids: readonly TileGrid[];

  /** @param finest tiles of full resolution */
  constructor(context: ViewContext, finest: CachedTiles) {
    const { record: { id, plan }, lru, closing } = context;
    this.#context = context;
    this.#grids = [plan, ...plan.levels.map((level) => levelTileGrid(plan, level))];
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

  /** Resolves once the chunk of a coarser level is stored. */
  async need({ level, outer, at }: ChunkPlace, options: MakeOptions): Promise<void> {
    const grid = this.#grids[level]!;
    await this.#tiles[level]!.need(tileIndex(grid, outer, tilePosition(grid, at)), options);
  }

  /** Has the tile of a chunk made anew that turned out not to be there. */
  drop({ level, outer, at }: ChunkPlace): void {
    const grid = this.#grids[level]!;
    this.#tiles[level]!.drop(tileIndex(grid, outer, tilePosition(grid, at)));
  }

  async #make(level: number, index: number, options: MakeOptions): Promise<number> {
    const { record, engine, arrays } = this.#context;
    const task = this.#task(level, index, (await this.#context.decided(options.signal)).planHash);
    for (const finer of tilesIn(this.#grids[level - 1]!, task.tile.outer, this.#below(level, task.tile.core))) {
      await this.#tiles[level - 1]!.need(finer, options);
    }
    let bytes = 0;
    await engine.fanOut("levels", [{ ...task, finer: arrays[level - 1]!, output: arrays[level]! }], {
      ...options,
      concurrency: record.plan.concurrency,
      onReport: ({ bytesWritten }) => void (bytes = bytesWritten),
    });
    return bytes;
  }

  #task(level: number, index: number, planHash: string): Omit<LevelTask, "finer" | "output"> {
    const { plan } = this.#context.record;
    const { shape, factors } = plan.levels[level - 1]!;
    const { grid, tile, outerShape } = this.#grids[level]!;
    const position = positionAt(index, [...outerShape, ...grid]);
    const start = mapAxes((axis) => position.at(axis - 3)! * tile[axis]);
    const core = { start, shape: mapAxes((axis) => Math.min(tile[axis], shape[axis] - start[axis])) };
    return { planHash, level, factors, tile: { index, outer: position.slice(0, -3), core } };
  }

  /** The voxels of the level before that a box is made of. */
  #below(level: number, { start, shape }: Box): Box {
    const { factors } = this.#context.record.plan.levels[level - 1]!;
    return { start: mapAxes((a) => start[a] * factors[a]), shape: mapAxes((a) => shape[a] * factors[a]) };
  }

  async #remove(level: number, index: number): Promise<void> {
    const { arrays, store, closing } = this.#context;
    const { planHash, tile } = this.#task(level, index, (await this.#context.decided(closing)).planHash);
    const array = arrays[level]!;
    await store.delete(levelRecordKey(recordOwner(planHash, array), level, index));
    for (const at of chunksOf(tile.core, array.chunk)) await store.delete(objectKey(array, tile.outer, at));
  }
}
