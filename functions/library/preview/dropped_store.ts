/** Files of the visitor's machine as objects. They are read by ranges, where they lie: nothing is copied or sent. */
import type { DroppedFile } from "functions/view/page/preview/messages.ts";
import { ClearstackError } from "shared/errors.ts";
import { assertWithin, type ObjectInfo, type ReadableStore } from "shared/storage/store.ts";

/** By place and key, such as `files/1/image.tif`. */
const files = new Map<string, Blob>();

/** Gives files a place. @param place such as `memory:files/1` */
export function placeFiles(place: string, dropped: readonly DroppedFile[]): void {
  for (const { key, file } of dropped) files.set(baseOf(place) + key, file);
}

function baseOf(url: string): string {
  return `${url.replace(/^memory:/i, "").replace(/\/+$/, "")}/`;
}

/** Opens a place, or a folder of it. */
export function droppedStore(url: string): ReadableStore {
  const base = baseOf(url);
  const shown = (key: string) => `${base}${key}`.replace(/^files\/\d+\//, "");

  async function read(key: string, cut: (file: Blob) => Blob): Promise<Uint8Array | undefined> {
    const file = files.get(base + key);
    if (file === undefined) return undefined;
    try {
      return new Uint8Array(await cut(file).arrayBuffer());
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ClearstackError("conflict", `${shown(key)} cannot be read any more (${why}): choose it again`, {
        cause,
      });
    }
  }

  return {
    url: url.replace(/\/+$/, ""),
    place: (key) => Promise.resolve(`memory:${base}${key === undefined ? "" : `${key}/`}`),
    async get(key, { maxBytes } = {}) {
      assertWithin(files.get(base + key)?.size ?? 0, maxBytes, shown(key));
      return await read(key, (file) => file);
    },
    async getRange(key, range, { seen } = {}) {
      const bytes = await read(
        key,
        (file) =>
          "offset" in range
            ? file.slice(range.offset, range.offset + range.length)
            : file.slice(Math.max(0, file.size - range.suffixLength)),
      );
      if (bytes === undefined) return undefined;
      const wanted = "offset" in range ? range.length : Math.min(range.suffixLength, files.get(base + key)!.size);
      if (bytes.length < wanted) {
        throw new ClearstackError("corrupt-data", `${shown(key)} is shorter than it says of itself`);
      }
      seen?.(infoOf(files.get(base + key)!));
      return bytes;
    },
    head(key) {
      const file = files.get(base + key);
      return Promise.resolve(file && infoOf(file));
    },
    async *list(prefix) {
      for (const key of files.keys()) if (key.startsWith(base + prefix)) yield key.slice(base.length);
    },
    async *listNames(prefix) {
      const names = new Set<string>();
      for await (const key of this.list(prefix)) {
        const [name, ...rest] = key.slice(prefix.length).split("/");
        names.add(rest.length > 0 ? `${name}/` : name!);
      }
      yield* names;
    },
  };
}

function infoOf(file: Blob): ObjectInfo {
  return { size: file.size };
}
