/** Loads the tiles that are wanted, the most wanted first, and keeps those that were. */
import { isClearstackError } from "shared/errors.ts";
import type { Chunk } from "shared/image/image.ts";
import { cutTile, type TileValues } from "./cut_tile.ts";
import { ChunkReader } from "./chunk_reader.ts";
import { chunkCoords, type Span, type TileRequest } from "./tile_request.ts";

/** Chunks that are read at the same time; browsers open six connections to a server that speaks HTTP/1. */
const CHUNKS_AT_ONCE = 6;

/** Bytes of tiles that are kept. */
const MAX_BYTES = 192 * 2 ** 20;

/** A tile, and how much of it is there. */
export interface Tile {
  readonly request: TileRequest;
  /** `u` contiguous; undefined until the first chunk came. */
  values: TileValues | undefined;
  /** Rises whenever `values` change. */
  version: number;
  /** Chunks that are not in it yet. */
  missing: readonly Span[];
  /** True where its values are of before {@link TileLoader.refresh}, and are replaced by the first chunk that comes. */
  isStale: boolean;
}

/** Told of what became of tiles. */
interface LoaderEvents {
  /** A tile has new values. */
  readonly changed: () => void;
  readonly failed: (error: unknown, request: TileRequest) => void;
}

/** A tile that waits for a chunk. */
interface Waiting {
  readonly tile: Tile;
  readonly part: Span;
}

/** Loads tiles; see {@link TileLoader.want}. */
export class TileLoader {
  readonly #events: LoaderEvents;
  readonly #chunks = new ChunkReader();
  readonly #tiles = new Map<string, Tile>();
  /** Who waits for which chunk, the most wanted chunk first. */
  readonly #waiting = new Map<string, Waiting[]>();
  /** Chunks that could not be read. */
  readonly #failed = new Set<string>();
  #bytes = 0;
  #wanted: readonly TileRequest[] = [];

  constructor(events: LoaderEvents) {
    this.#events = events;
  }

  /** A tile with values; of a projection, maybe not all. */
  get(key: string): Tile | undefined {
    const tile = this.#tiles.get(key);
    return tile?.values === undefined ? undefined : tile;
  }

  /** True once a tile has all its values. */
  isWhole(key: string): boolean {
    return this.#tiles.get(key)?.missing.length === 0;
  }

  /** Chunks that are still to come for what is wanted. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Loads these tiles, the first ones first; others that are under way are given up. What is in memory is there at once. */
  want(requests: readonly TileRequest[]): void {
    this.#wanted = requests;
    this.#waiting.clear();
    for (const request of requests) {
      const tile = this.#touch(request);
      for (const part of tile.missing) {
        const key = chunkKey(request, part);
        const chunk = this.#chunks.kept(key);
        if (chunk !== undefined) this.#add({ tile, part }, chunk);
        else if (!this.#failed.has(key)) this.#waiting.set(key, [...this.#waiting.get(key) ?? [], { tile, part }]);
      }
    }
    this.#chunks.keepOnly(this.#waiting);
    this.#evict();
    this.#pump();
  }

  /** Reads the coarser levels of a picture again, which change while a view is computed; what is there stays until then. */
  refresh(url: string): void {
    for (const tile of this.#tiles.values()) {
      const { picture, level, w } = tile.request;
      if (picture.url !== url || level === 0 || tile.values === undefined) continue;
      tile.missing = w;
      tile.isStale = true;
    }
    this.#chunks.forget((key) => key.startsWith(`${url} `) && !key.startsWith(`${url} 0 `));
    this.want(this.#wanted);
  }

  /** Tries again what failed. */
  retry(): void {
    this.#failed.clear();
    this.want(this.#wanted);
  }

  #touch(request: TileRequest): Tile {
    const tile = this.#tiles.get(request.key) ??
      { request, values: undefined, version: 0, missing: request.w, isStale: false };
    // The latest wanted are the last to go.
    this.#tiles.delete(request.key);
    this.#tiles.set(request.key, tile);
    return tile;
  }

  #pump(): void {
    for (const [key, [first]] of this.#waiting) {
      if (this.#chunks.active >= CHUNKS_AT_ONCE) return;
      // What has just been read is handed out in a moment.
      if (!this.#chunks.isReading(key) && this.#chunks.kept(key) === undefined) void this.#load(key, first!);
    }
  }

  async #load(key: string, { tile: { request }, part }: Waiting): Promise<void> {
    try {
      const chunk = await this.#chunks.read(key, request.picture.levels[request.level]!, chunkCoords(request, part));
      for (const waiting of this.#waiting.get(key) ?? []) this.#add(waiting, chunk);
      this.#waiting.delete(key);
    } catch (error) {
      // What was given up may be wanted again by now: then it is still waited for.
      if (!isClearstackError(error, "cancelled")) {
        this.#failed.add(key);
        this.#waiting.delete(key);
        this.#events.failed(error, request);
      }
    }
    this.#events.changed();
    this.#pump();
  }

  #add({ tile, part }: Waiting, chunk: Chunk): void {
    const before = tile.values?.byteLength ?? 0;
    tile.values = cutTile(tile.request, chunk, part, tile.isStale ? undefined : tile.values);
    tile.isStale = false;
    tile.version++;
    tile.missing = tile.missing.filter((other) => other !== part);
    this.#bytes += tile.values.byteLength - before;
  }

  /** Drops the tiles that were wanted longest ago. */
  #evict(): void {
    const wanted = new Set(this.#wanted.map(({ key }) => key));
    for (const [key, { values }] of this.#tiles) {
      if (this.#bytes <= MAX_BYTES) return;
      if (wanted.has(key)) continue;
      this.#tiles.delete(key);
      this.#bytes -= values?.byteLength ?? 0;
    }
  }
}

/** Names the chunk of a tile at a depth. */
function chunkKey(request: TileRequest, part: Span): string {
  return `${request.picture.url} ${request.level} ${chunkCoords(request, part).join(" ")}`;
}
