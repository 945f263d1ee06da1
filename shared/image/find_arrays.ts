/**
 * The arrays of a group: from its consolidated metadata, else by looking through its folders.
 */
import { isClearstackError } from "../errors.ts";
import type { Store } from "../storage/store.ts";
import { asRecord, childKey, type ZarrNode } from "./zarr_node.ts";

/** Folders looked into before giving up, and how deep: enough for any image, not for a plate of thousands. */
const MAX_FOLDERS = 500;
const MAX_DEPTH = 4;

/** Paths of the arrays below a group, sorted; empty where the store cannot be listed and nothing is consolidated. */
export async function findArrays(
  store: Store,
  { node, path }: { readonly node: ZarrNode; readonly path: string },
): Promise<string[]> {
  const consolidated = await consolidatedArrays(store, node, path);
  if (consolidated !== undefined) return consolidated.sort();
  const found: string[] = [];
  const queue = [{ path, depth: 0 }];
  for (let looked = 0; queue.length > 0 && looked < MAX_FOLDERS; looked++) {
    const folder = queue.shift()!;
    const names = await namesIn(store, folder.path);
    if (names.has(".zarray") || await isArray(store, folder.path, names)) found.push(folder.path);
    else if (folder.depth < MAX_DEPTH) {
      for (const name of names) {
        if (name.endsWith("/")) queue.push({ path: childKey(folder.path, name.slice(0, -1)), depth: folder.depth + 1 });
      }
    }
  }
  return found.sort();
}

async function consolidatedArrays(store: Store, node: ZarrNode, path: string): Promise<string[] | undefined> {
  if (node.version === 3) {
    const metadata = asRecord(node.document.consolidated_metadata).metadata;
    if (metadata === undefined) return undefined;
    return Object.entries(asRecord(metadata))
      .filter(([, document]) => asRecord(document).node_type === "array")
      .map(([name]) => childKey(path, name));
  }
  const bytes = await store.get(childKey(path, ".zmetadata"));
  if (bytes === undefined) return undefined;
  const keys = new TextDecoder().decode(bytes).matchAll(/"([^"]+)\/\.zarray"\s*:/g);
  return [...keys].map(([, name]) => childKey(path, name!));
}

async function isArray(store: Store, path: string, names: ReadonlySet<string>): Promise<boolean> {
  if (!names.has("zarr.json")) return false;
  const bytes = await store.get(childKey(path, "zarr.json"));
  return /"node_type"\s*:\s*"array"/.test(new TextDecoder().decode(bytes));
}

async function namesIn(store: Store, path: string): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    for await (const name of store.listNames(path === "" ? "" : `${path}/`)) names.add(name);
  } catch (error) {
    // A web server cannot be listed; the caller then asks for --path.
    if (!isClearstackError(error, "unsupported")) throw error;
  }
  return names;
}
