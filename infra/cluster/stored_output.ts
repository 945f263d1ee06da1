/** What an output holds, for comparing outputs of the same plan. */
import { hashHex } from "shared/image/output/hash.ts";
import type { Store } from "shared/storage/store.ts";

/** Objects of an output. */
export interface StoredOutput {
  /** Hashes of everything but records of how the run went, by key. */
  readonly objects: ReadonlyMap<string, string>;
  /** Records of tiles. */
  readonly records: number;
}

/** Reads and hashes all of an output. */
export async function storedOutput(store: Store): Promise<StoredOutput> {
  const objects = new Map<string, string>();
  let records = 0;
  for (const key of (await Array.fromAsync(store.list(""))).sort()) {
    if (key.startsWith(".clearstack/tiles/")) records++;
    // Times and places differ from run to run.
    if (key.startsWith(".clearstack/")) continue;
    const bytes = (await store.get(key))!;
    objects.set(key, await hashHex(key === "zarr.json" ? withoutProvenance(bytes) : bytes));
  }
  return { objects, records };
}

/** The metadata of the output but for how and when it came about. */
function withoutProvenance(bytes: Uint8Array): Uint8Array {
  const metadata = JSON.parse(new TextDecoder().decode(bytes));
  delete metadata.attributes.clearstack;
  return new TextEncoder().encode(JSON.stringify(metadata));
}

/** Keys of objects that only one of them has, or that hold other bytes. */
export function differingKeys(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}
