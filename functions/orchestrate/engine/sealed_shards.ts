/** Keeps shards as secret as the requests of jobs: their tasks hold the same signed URLs. */
import type { ShardPlace } from "shared/engine/restate/restate_shards.ts";
import type { Store } from "shared/storage/store.ts";
import { decrypt, encrypt, importKey } from "../jobs/encryption.ts";

/**
 * The store with everything in it sealed.
 *
 * @param key 32 bytes in base64; without one, shards are stored as they are
 */
export function sealedShards(store: Store, key: string | undefined): ShardPlace {
  if (key === undefined) return store;
  const imported = importKey(key);
  // Whoever uses it first is told; nobody may ever.
  imported.catch(() => {});
  return {
    async put(name, bytes, options) {
      const sealed = await encrypt(await imported, name, new TextDecoder().decode(bytes));
      return await store.put(name, new TextEncoder().encode(sealed), options);
    },
    async get(name, options) {
      const bytes = await store.get(name, options);
      if (bytes === undefined) return undefined;
      return new TextEncoder().encode(await decrypt(await imported, name, new TextDecoder().decode(bytes), store));
    },
    delete: (name) => store.delete(name),
    list: (prefix) => store.list(prefix),
  };
}
