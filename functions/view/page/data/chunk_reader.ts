/** Reads chunks, a few at a time, keeps the latest, and gives up those that nobody waits for any more. */
import type { Chunk } from "shared/image/image.ts";
import type { PictureLevel } from "./picture.ts";

/** Bytes of decoded chunks that are kept. */
const MAX_BYTES = 384 * 2 ** 20;

/** A chunk that is being read. */
interface Reading {
  readonly promise: Promise<Chunk>;
  readonly abort: AbortController;
}

/** Chunks of all pictures by name. */
export class ChunkReader {
  readonly #kept = new Map<string, Chunk>();
  #keptBytes = 0;
  readonly #reading = new Map<string, Reading>();

  /** Number of chunks that are being read. */
  get active(): number {
    return this.#reading.size;
  }

  /** A chunk that is there. */
  kept(key: string): Chunk | undefined {
    const chunk = this.#kept.get(key);
    if (chunk === undefined) return undefined;
    // The latest used are the last to go.
    this.#kept.delete(key);
    this.#kept.set(key, chunk);
    return chunk;
  }

  /** True while a chunk is being read. */
  isReading(key: string): boolean {
    return this.#reading.has(key);
  }

  /** Reads a chunk, once for all who ask at the same time. @throws {ClearstackError} what `readChunk` throws */
  read(key: string, { image }: PictureLevel, coords: readonly number[]): Promise<Chunk> {
    const under = this.#reading.get(key);
    if (under !== undefined) return under.promise;
    const abort = new AbortController();
    const promise = image.readChunk(coords, { signal: abort.signal }).then((chunk) => {
      this.#keep(key, chunk);
      return chunk;
    }).finally(() => {
      // Given up and asked for again, it is another reading.
      if (this.#reading.get(key)?.abort === abort) this.#reading.delete(key);
    });
    this.#reading.set(key, { promise, abort });
    return promise;
  }

  /** Gives up what is being read, but for these. */
  keepOnly(keys: { has(key: string): boolean }): void {
    for (const [key, { abort }] of this.#reading) {
      if (keys.has(key)) continue;
      abort.abort();
      this.#reading.delete(key);
    }
  }

  /** Drops chunks that are not what they were. */
  forget(isOld: (key: string) => boolean): void {
    for (const [key, { values }] of this.#kept) {
      if (!isOld(key)) continue;
      this.#kept.delete(key);
      this.#keptBytes -= values.byteLength;
    }
  }

  #keep(key: string, chunk: Chunk): void {
    this.#kept.set(key, chunk);
    this.#keptBytes += chunk.values.byteLength;
    for (const [oldest, { values }] of this.#kept) {
      if (this.#keptBytes <= MAX_BYTES || oldest === key) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= values.byteLength;
    }
  }
}
