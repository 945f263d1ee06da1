/**
 * Times and devices of an output's tiles, from the records of all runs. What is kept does not grow with the number of
 * tiles, and neither does the memory it takes to find out.
 */
import { type EmptyReason, TileRecordSchema, type TileReport } from "shared/contract/tile.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import { recordIndex, type RecordOwner, recordsPrefix } from "./output_layout.ts";
import { decodeSealed } from "./sealed_json.ts";

/** Records that are read at the same time. */
const CONCURRENCY = 16;

/** Beyond so many tiles, neighbours are told of together. */
const MAX_GROUPS = 1000;

/** Neighbours that a bin of the histogram tells apart, relative: how exact the median is. */
const BIN_RATIO = 1.02;
const MIN_SECONDS = 1e-6;

/** Seconds of all tiles. */
export interface TileSummary {
  readonly count: number;
  readonly seconds: number;
  readonly kernelSeconds: number;
  /** To 1 %. */
  readonly medianSeconds: number;
  readonly slowest: { readonly index: number; readonly seconds: number };
  /** Tiles by what computed them. */
  readonly adapters: Readonly<Record<string, number>>;
  /** Tiles that were computed in pieces for lack of device memory, and may differ from what one box would have given. */
  readonly inPieces: number;
  /** Tiles that were not computed, by reason; absent where all were. */
  readonly empty?: Readonly<Partial<Record<EmptyReason, number>>>;
}

/** Seconds of tiles one by one, or of so many neighbours by index. */
interface TileGroups {
  /** Tiles of a group; the last one may have fewer. */
  readonly tilesPerGroup: number;
  readonly seconds: readonly number[];
  readonly kernelSeconds: readonly number[];
  readonly slowestSeconds: readonly number[];
}

/** Time that the tiles took. */
interface TileTimes {
  readonly summary: TileSummary;
  readonly groups: TileGroups;
}

/**
 * Reads the records of a plan's tiles.
 *
 * @param tiles of the plan
 * @throws {ClearstackError} what reading throws
 */
export async function tileTimes(store: ReadableStore, owner: RecordOwner, tiles: number): Promise<TileTimes> {
  const times = new Times(tiles);
  const keys = store.list(recordsPrefix(owner))[Symbol.asyncIterator]();
  const lane = async () => {
    for (let next = await keys.next(); !next.done; next = await keys.next()) {
      const index = recordIndex(next.value);
      if (index === undefined || index >= tiles) continue;
      const { data } = TileRecordSchema.safeParse(decodeSealed(await store.get(next.value)));
      if (data !== undefined) times.add(data);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return times.result();
}

/** Adds reports up, in any order. */
class Times {
  readonly #tilesPerGroup: number;
  readonly #seconds: number[];
  readonly #kernelSeconds: number[];
  readonly #slowestOf: number[];
  readonly #bins = new Map<number, number>();
  readonly #adapters = new Map<string, number>();
  #slowest = { index: 0, seconds: 0 };
  #count = 0;
  #inPieces = 0;
  readonly #empty: Partial<Record<EmptyReason, number>> = {};

  constructor(tiles: number) {
    this.#tilesPerGroup = Math.ceil(tiles / MAX_GROUPS);
    const groups = Math.ceil(tiles / this.#tilesPerGroup);
    [this.#seconds, this.#kernelSeconds, this.#slowestOf] = [0, 0, 0].map(() => new Array<number>(groups).fill(0)) as [
      number[],
      number[],
      number[],
    ];
  }

  add({ index, seconds, kernelSeconds, backend, adapter, pieces, empty }: TileReport): void {
    const group = Math.floor(index / this.#tilesPerGroup);
    this.#seconds[group]! += seconds;
    this.#kernelSeconds[group]! += kernelSeconds;
    this.#slowestOf[group] = Math.max(this.#slowestOf[group]!, seconds);
    const bin = Math.round(Math.log(Math.max(seconds, MIN_SECONDS)) / Math.log(BIN_RATIO));
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
    const device = `${backend} (${adapter})`;
    this.#adapters.set(device, (this.#adapters.get(device) ?? 0) + 1);
    if (seconds > this.#slowest.seconds) this.#slowest = { index, seconds };
    this.#count++;
    if (pieces !== undefined) this.#inPieces++;
    if (empty !== undefined) this.#empty[empty] = (this.#empty[empty] ?? 0) + 1;
  }

  result(): TileTimes {
    const sum = (values: readonly number[]) => rounded(values.reduce((total, value) => total + value, 0));
    return {
      summary: {
        count: this.#count,
        seconds: sum(this.#seconds),
        kernelSeconds: sum(this.#kernelSeconds),
        medianSeconds: rounded(this.#median()),
        slowest: { index: this.#slowest.index, seconds: rounded(this.#slowest.seconds) },
        adapters: Object.fromEntries([...this.#adapters].sort(([a], [b]) => a < b ? -1 : 1)),
        inPieces: this.#inPieces,
        ...(Object.keys(this.#empty).length === 0 ? {} : { empty: { ...this.#empty } }),
      },
      groups: {
        tilesPerGroup: this.#tilesPerGroup,
        seconds: this.#seconds.map(rounded),
        kernelSeconds: this.#kernelSeconds.map(rounded),
        slowestSeconds: this.#slowestOf.map(rounded),
      },
    };
  }

  #median(): number {
    let before = 0;
    for (const [bin, count] of [...this.#bins].sort(([a], [b]) => a - b)) {
      before += count;
      if (2 * before >= this.#count) return BIN_RATIO ** bin;
    }
    return 0;
  }
}

/** To four digits: clocks are no better, and the record stays short. */
function rounded(seconds: number): number {
  return Number(seconds.toPrecision(4));
}
