/** Metadata documents of a Zarr hierarchy, version 3 or 2, as they are stored. */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { assertShallow } from "shared/json_depth.ts";
import { encodeJson } from "./json.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";

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
  /** Documents below it by their keys, where it was found among consolidated ones. */
  readonly consolidated?: Record<string, unknown>;
}

/** Key of `name` inside the folder `path`. */
export function childKey(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

/**
 * Reads the node at `path`, or `undefined` if there is none. Version 3 wins where both are stored.
 *
 * Buckets that may not be listed answer 403 for what is not there. So a refused `zarr.json` means that refusals count as absence,
 * as long as something is found in the end.
 *
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 */
export async function readZarrNode(
  store: ReadableStore,
  path: string,
  options: RequestOptions = {},
): Promise<ZarrNode | undefined> {
  let refusal: ClearstackError | undefined;
  const read = async (name: string) => {
    try {
      return await readDocument(store, childKey(path, name), options);
    } catch (error) {
      if (!isClearstackError(error, "forbidden") || (refusal === undefined && name !== "zarr.json")) throw error;
      refusal ??= error;
      return undefined;
    }
  };
  const node = await readV3(store, read) ?? await readV2(read) ?? await readConsolidated(store, path, options);
  if (node === undefined && refusal !== undefined) throw refusal;
  return node;
}

type Read = (name: string) => ReturnType<typeof readDocument>;

async function readV3(store: ReadableStore, read: Read): Promise<ZarrNode | undefined> {
  const found = await read("zarr.json");
  if (found === undefined) return undefined;
  const kind = found.document.node_type;
  if (found.document.zarr_format !== 3 || (kind !== "array" && kind !== "group")) {
    throw new ClearstackError(
      "corrupt-data",
      `${store.url}/${found.key} describes neither a Zarr v3 array nor a group`,
    );
  }
  return { kind, version: 3, ...found, attributes: asRecord(found.document.attributes) };
}

async function readV2(read: Read): Promise<ZarrNode | undefined> {
  for (const kind of ["array", "group"] as const) {
    const found = await read(`.z${kind}`);
    if (found !== undefined) return { kind, version: 2, ...found, attributes: (await read(".zattrs"))?.document ?? {} };
  }
  return undefined;
}

/** A node that stands in the consolidated metadata of a group around it, or in its own, and nowhere else. */
async function readConsolidated(
  store: ReadableStore,
  path: string,
  options: RequestOptions,
): Promise<ZarrNode | undefined> {
  const parts = path === "" ? [] : path.split("/");
  for (let depth = parts.length; depth >= 0; depth--) {
    const [group, below] = [parts.slice(0, depth).join("/"), parts.slice(depth).join("/")];
    const read = (name: string) => readOptional(store, childKey(group, name), options);
    const v2 = await read(".zmetadata");
    const { metadata: v2Entries } = v2?.document ?? {};
    const entry = (name: string) => asRecord(asRecord(v2Entries)[childKey(below, name)]);
    for (const kind of ["array", "group"] as const) {
      const document = entry(`.z${kind}`);
      if (document.zarr_format !== 2) continue;
      const attributes = entry(".zattrs");
      const consolidated = entriesBelow(v2Entries, below);
      return {
        kind,
        version: 2,
        key: v2!.key,
        document,
        bytes: encodeJson([document, attributes]),
        attributes,
        consolidated,
      };
    }
    const v3 = below === "" ? undefined : await read("zarr.json");
    const v3Entries = asRecord(v3?.document.consolidated_metadata).metadata;
    const document = asRecord(asRecord(v3Entries)[below]);
    const { node_type: kind } = document;
    if (document.zarr_format !== 3 || (kind !== "array" && kind !== "group")) continue;
    const attributes = asRecord(document.attributes);
    const consolidated = entriesBelow(v3Entries, below);
    return { kind, version: 3, key: v3!.key, document, bytes: encodeJson(document), attributes, consolidated };
  }
  return undefined;
}

function entriesBelow(entries: unknown, path: string): Record<string, unknown> {
  const prefix = path === "" ? "" : `${path}/`;
  const below = Object.entries(asRecord(entries)).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(below.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** A document that need not be there; what is refused, or is none, counts as absent. */
async function readOptional(store: ReadableStore, key: string, options: RequestOptions) {
  try {
    return await readDocument(store, key, options);
  } catch (error) {
    if (isClearstackError(error, "forbidden") || isClearstackError(error, "corrupt-data")) return undefined;
    throw error;
  }
}

/** A JSON value as an object; anything else as an empty one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

/**
 * Reads one metadata document, or `undefined` if there is none.
 *
 * @throws {ClearstackError} `corrupt-data` if it is not JSON
 */
export async function readDocument(store: ReadableStore, key: string, options: RequestOptions = {}) {
  const bytes = await store.get(key, options);
  if (bytes === undefined) return undefined;
  try {
    assertShallow(bytes);
    // zarr-python 2 writes bare NaN and Infinity, which JSON does not know.
    const text = new TextDecoder().decode(bytes).replace(/(:\s*)(-?Infinity|NaN)\b/g, '$1"$2"');
    return { key, bytes, document: asRecord(JSON.parse(text)) };
  } catch (cause) {
    throw new ClearstackError("corrupt-data", `${store.url}/${key} is not valid JSON`, { cause });
  }
}
