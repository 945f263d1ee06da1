/**
 * Metadata documents of a Zarr hierarchy, version 3 or 2, as they are stored.
 */
import { ClearstackError } from "../errors.ts";
import type { RequestOptions, Store } from "../storage/store.ts";

/** A node of a hierarchy: an array or a group. */
export interface ZarrNode {
  readonly kind: "array" | "group";
  readonly version: 2 | 3;
  /** Key of the document that makes it a node. */
  readonly key: string;
  /** That document, parsed and as stored. */
  readonly document: Record<string, unknown>;
  readonly bytes: Uint8Array;
  readonly attributes: Record<string, unknown>;
}

/** Key of `name` inside the folder `path`. */
export function childKey(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

/** Reads the node at `path`, or `undefined` if there is none. Version 3 wins where both are stored. */
export async function readZarrNode(
  store: Store,
  path: string,
  options: RequestOptions = {},
): Promise<ZarrNode | undefined> {
  const modern = await readJson(store, childKey(path, "zarr.json"), options);
  if (modern !== undefined) {
    const kind = modern.document.node_type;
    if (modern.document.zarr_format !== 3 || (kind !== "array" && kind !== "group")) {
      throw new ClearstackError(
        "corrupt-data",
        `${store.url}/${modern.key} describes neither a Zarr v3 array nor a group`,
      );
    }
    return { kind, version: 3, ...modern, attributes: asRecord(modern.document.attributes) };
  }
  for (const kind of ["array", "group"] as const) {
    const legacy = await readJson(store, childKey(path, `.z${kind}`), options);
    if (legacy === undefined) continue;
    const attributes = await readJson(store, childKey(path, ".zattrs"), options);
    return { kind, version: 2, ...legacy, attributes: attributes?.document ?? {} };
  }
  return undefined;
}

/** A JSON value as an object; anything else as an empty one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

async function readJson(store: Store, key: string, options: RequestOptions) {
  const bytes = await store.get(key, options);
  if (bytes === undefined) return undefined;
  try {
    // zarr-python 2 writes bare NaN and Infinity, which JSON does not know.
    const text = new TextDecoder().decode(bytes).replace(/(:\s*)(-?Infinity|NaN)\b/g, '$1"$2"');
    return { key, bytes, document: asRecord(JSON.parse(text)) };
  } catch (cause) {
    throw new ClearstackError("corrupt-data", `${store.url}/${key} is not valid JSON`, { cause });
  }
}
