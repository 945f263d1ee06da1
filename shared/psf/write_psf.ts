/** Writes a PSF where it is asked for: a TIFF stack, or an OME-Zarr of one chunk. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { createArray } from "shared/image/zarr/create_array.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { rootAttributes } from "shared/image/ome/ome_metadata.ts";
import { LEVEL_0 } from "shared/image/output/output_layout.ts";
import { type OutputInput, refuseOverlap } from "shared/image/output/refuse_overlap.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { rootDocuments } from "shared/image/zarr/zarr_documents.ts";
import { asRecord, readZarrNode } from "shared/image/zarr/zarr_node.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl, splitObject } from "shared/storage/url.ts";
import type { PsfVolume } from "./psf_volume.ts";

interface PsfOutput {
  /** Path or URL that ends in .tif, .tiff or .zarr. */
  readonly url: string;
  readonly volume: PsfVolume;
  /** z is 0 for a single plane without thickness. */
  readonly voxelMicrometre: Vec3 | undefined;
  readonly overwrite: boolean;
  /** What it was made from, which must stay as it is. */
  readonly inputs: readonly OutputInput[];
  /** Facts about how it was made, kept in the attributes of a Zarr. */
  readonly provenance: Record<string, unknown>;
}

/** @throws {ClearstackError} `invalid-request` for any other ending */
export function checkPsfUrl(url: string): "tiff" | "zarr" {
  const [, ending] = /\.(tiff?|zarr)\/?([?#].*)?$/i.exec(url) ?? [];
  if (ending !== undefined) return ending.toLowerCase() === "zarr" ? "zarr" : "tiff";
  throw new ClearstackError("invalid-request", `the output ${redactUrl(url)} must end in .tif, .tiff or .zarr`);
}

/**
 * Writes float32 values; in a Zarr, the root's metadata last.
 *
 * @throws {ClearstackError} `conflict` if it exists and `overwrite` is false, or would lie over its inputs; `invalid-request`,
 * `unwritable`
 */
export async function writePsf(output: PsfOutput, access: StoreAccess): Promise<void> {
  await refuseOverlap(openStore(output.url, access), output.inputs, access.environment);
  if (checkPsfUrl(output.url) === "zarr") await writeZarr(output, access);
  else await writeTiff(output, access);
}

async function writeTiff(
  { url, volume: { shape, values }, voxelMicrometre, overwrite }: PsfOutput,
  { environment }: StoreAccess,
): Promise<void> {
  const { base, key } = splitObject(url);
  const spacing = voxelMicrometre === undefined ? {} : { spacingMicrometre: voxelMicrometre };
  const bytes = encodeTiff({ shape, values: Float32Array.from(values), ...spacing });
  const folder = openStore(base, { environment });
  if (!overwrite && await folder.head(key) !== undefined) throw exists(url);
  if (overwrite) await folder.deletePartials?.(key);
  if (!await folder.put(key, bytes, { ifAbsent: !overwrite })) throw exists(url);
}

async function writeZarr(
  { url, volume, voxelMicrometre, overwrite, provenance }: PsfOutput,
  access: StoreAccess,
): Promise<void> {
  const store = openStore(url, { environment: access.environment });
  const first = await store.listNames("")[Symbol.asyncIterator]().next();
  if (!first.done) {
    if (!overwrite) throw exists(url);
    await refuseForeign(store);
    await store.deleteAll("");
  }
  const spatial = volume.shape[0] === 1 ? 2 : 3;
  const shape = volume.shape.slice(3 - spatial);
  const axes = ["z", "y", "x"].slice(3 - spatial).map((name) => ({
    name: name as "z" | "y" | "x",
    type: "space" as const,
    ...(voxelMicrometre === undefined ? {} : { unit: "micrometer" }),
  }));
  const array: StoredArray = {
    url,
    array: LEVEL_0,
    version: "0.5",
    dtype: "float32",
    axes: axes.map((axis) => axis.name),
    shape,
    chunk: volume.shape,
  };
  await createArray(array, access);
  const values = Float32Array.from(volume.values);
  await writeBlock(array, { outer: [], core: { start: [0, 0, 0], shape: volume.shape }, values }, access);
  const described: ImageInfo = {
    url: canonicalUrl(url),
    path: "",
    format: "zarr3",
    dtype: "float32",
    shape,
    chunkShape: shape,
    axes,
    scale: voxelMicrometre?.slice(3 - spatial) ?? shape.map(() => 1),
    name: "psf",
    identity: "",
  };
  const attributes = rootAttributes(described, {
    version: "0.5",
    levels: [],
    dtype: array.dtype,
    provenance: { psf: provenance },
  });
  for (const [key, document] of rootDocuments("0.5", attributes, [array])) await store.put(key, encodeJson(document));
}

/** Only a PSF that was written here is replaced; any other Zarr, or a folder named by mistake, is not. */
async function refuseForeign(store: Store): Promise<void> {
  const root = await readZarrNode(store, "");
  if (asRecord(root?.attributes.clearstack).psf !== undefined) return;
  // A write that was broken off leaves the array without a root.
  const names = await Array.fromAsync(store.listNames(""));
  if (root === undefined && names.every((name) => name === `${LEVEL_0}/`)) return;
  const what = root === undefined ? "is no Zarr" : "is no PSF that Clearstack has written";
  throw new ClearstackError("conflict", `${store.url} exists and ${what}; remove it yourself, or give another output`);
}

function exists(url: string): ClearstackError {
  return new ClearstackError(
    "conflict",
    `${redactUrl(url)} exists: give another output, or replace it with --overwrite`,
  );
}
