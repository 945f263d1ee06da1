/**
 * Objects in this process's memory, for tests and for functions hosted together. `memory:NAME` names the same objects
 * wherever in the process it is opened.
 */
import { concat } from "@std/bytes/concat";
import type { ByteRange, RequestOptions, Store, TaggedObject } from "./store.ts";
import { assertWithin, folderOf, sliceRange } from "./store.ts";
import { redactUrl } from "./url.ts";

interface Entry {
  readonly bytes: Uint8Array;
  readonly version: number;
}

const objects = new Map<string, Entry>();
let versions = 0;

function baseOf(url: string): string {
  return `${url.replace(/^memory:\/*/i, "").replace(/\/+$/, "")}/`;
}

/** Opens `memory:NAME` or a folder of it, `memory:NAME/FOLDER`. */
export function memoryStore(url: string): Store {
  const base = baseOf(url);

  function* keysFrom(prefix: string): Generator<string> {
    for (const key of [...objects.keys()]) if (key.startsWith(base + prefix)) yield key.slice(base.length);
  }

  // deno-lint-ignore require-await -- what it throws rejects
  async function getTagged(key: string, { maxBytes }: RequestOptions = {}): Promise<TaggedObject | undefined> {
    const entry = objects.get(base + key);
    assertWithin(entry?.bytes.length ?? 0, maxBytes, `${redactUrl(url)}/${key}`);
    return entry && { bytes: entry.bytes.slice(), tag: String(entry.version) };
  }

  return {
    url,
    place: (key) => Promise.resolve(`memory:${baseOf(redactUrl(url))}${folderOf(key)}`),
    get: async (key, options) => (await getTagged(key, options))?.bytes,
    getRange(key: string, range: ByteRange) {
      const entry = objects.get(base + key);
      return Promise.resolve(entry === undefined ? undefined : sliceRange(entry.bytes, range).slice());
    },
    head(key) {
      const entry = objects.get(base + key);
      return Promise.resolve(entry && { size: entry.bytes.length, etag: String(entry.version) });
    },
    put(key, bytes, options = {}) {
      if (options.ifAbsent && objects.has(base + key)) return Promise.resolve(false);
      objects.set(base + key, { bytes: bytes.slice(), version: ++versions });
      return Promise.resolve(true);
    },
    async putPieces(key, pieces) {
      const parts = await Array.fromAsync(pieces, (piece) => piece.slice());
      objects.set(base + key, { bytes: concat(parts), version: ++versions });
    },
    getTagged,
    swap(key, bytes, expected) {
      if (objects.get(base + key)?.version.toString() !== expected) return Promise.resolve(undefined);
      objects.set(base + key, { bytes: bytes.slice(), version: ++versions });
      return Promise.resolve(String(versions));
    },
    async *list(prefix) {
      yield* keysFrom(prefix);
    },
    async *listNames(prefix) {
      const names = new Set<string>();
      for (const key of keysFrom(prefix)) {
        const [name, ...rest] = key.slice(prefix.length).split("/");
        names.add(rest.length > 0 ? `${name}/` : name!);
      }
      yield* names;
    },
    delete(key) {
      objects.delete(base + key);
      return Promise.resolve();
    },
    deleteAll(prefix) {
      for (const key of keysFrom(prefix)) objects.delete(base + key);
      return Promise.resolve();
    },
  };
}
