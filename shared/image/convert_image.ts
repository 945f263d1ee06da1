/**
 * Stores any image that can be read as an OME-Zarr: the same voxels, to the last bit, in chunks that viewers like. Streams block
 * by block, so that memory does not grow with the image; what is done is recorded, so that an interrupted run goes on.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { ImageInfo } from "../contract/image_info.ts";
import type { OmeVersion, StoredArray } from "../contract/stored_array.ts";
import { Vec3Schema } from "../contract/box.ts";
import { ClearstackError, toClearstackError } from "../errors.ts";
import type { Vec3 } from "../geometry.ts";
import { formatBytes, READ_CONCURRENCY } from "../memory.ts";
import { releaseMemory } from "../release_memory.ts";
import { openStore } from "../storage/open_store.ts";
import type { Store } from "../storage/store.ts";
import { canonicalUrl, redactUrl } from "../storage/url.ts";
import { VERSION } from "../version.ts";
import { versions } from "../versions.ts";
import { beginOutput, claimOutput } from "./claim_output.ts";
import type { ChannelWindow } from "./channel_windows.ts";
import { blockAt, blockCount, type BlockPlace, type Cut, cutBytes, cutImage } from "./conversion_blocks.ts";
import type { ConversionRequest } from "./conversion_record.ts";
import { createArray } from "./create_array.ts";
import type { Image } from "./image.ts";
import { decodeJson, encodeJson } from "./json.ts";
import { rootAttributes } from "./ome_metadata.ts";
import { openImage } from "./open_image.ts";
import { DONE_KEY, JOB_KEY, LEVEL_0, recordIndex, recordKey, recordsPrefix } from "./output_layout.ts";
import { isShared, joinedAttributes, removeOutput } from "./output_place.ts";
import { readVoxels } from "./read_voxels.ts";
import { ValueRanges } from "./value_ranges.ts";
import { writeBlock } from "./write_block.ts";
import { rootDocuments } from "./zarr_documents.ts";

/** How far a conversion is. */
export interface ConversionProgress {
  readonly tiles: number;
  readonly tilesDone: number;
  readonly tilesResumed: number;
}

/** How it is run. */
export interface ConversionOptions {
  /** Memory to stay within, bytes. */
  readonly memoryBytes: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ConversionProgress) => void;
}

/** What was done. Bytes and seconds leave out what an earlier run did. */
export interface ConversionResult {
  readonly output: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly blocks: number;
  readonly blocksWritten: number;
  readonly seconds: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/**
 * Converts an image.
 *
 * @throws {ClearstackError} what is wrong with the request; `over-budget`; what reading and writing throw; `cancelled`
 */
export async function convertImage(
  request: ConversionRequest,
  options: ConversionOptions,
): Promise<ConversionResult> {
  const started = performance.now();
  const image = await openImage(request.source, { signal: options.signal });
  const info = rescaled(image.info, request);
  const store = openStore(request.output.url);
  const planHash = conversionHash(info, request);
  const { url, version, ifExists } = request.output;
  const inputs = [["source", request.source.url] as const];
  const wish = cutImage(info, options.memoryBytes);
  const begun = await claimOutput(store, { planHash, version, ifExists, url, inputs });
  const cut = begun === undefined ? wish : await begunCut(store, info, options.memoryBytes);
  const array = arrayOf(info, { url, version, chunk: cut.chunk });
  const job = { image, info, request, store, planHash, cut, array, fresh: begun === undefined };
  if (begun === undefined) await beginOutput(store, jobRecord(job), () => createArray(array));
  else await createArray(array);
  const done = begun === undefined ? new Set<number>() : await recordedBlocks(store, planHash);
  const tally = await writeBlocks(job, begun?.finished ? undefined : done, options);
  const seconds = (performance.now() - started) / 1000;
  if (!begun?.finished) await finish(job, seconds);
  const blocks = blockCount(info, cut.block);
  return { output: store.url, shape: info.shape, dtype: info.dtype, blocks, seconds, ...tally };
}

interface Conversion {
  readonly image: Image;
  /** With the scale that was asked for. */
  readonly info: ImageInfo;
  readonly request: ConversionRequest;
  readonly store: Store;
  readonly planHash: string;
  readonly cut: Cut;
  readonly array: StoredArray;
  /** True if this run began the output. */
  readonly fresh: boolean;
}

function rescaled(info: ImageInfo, { scale, unit }: ConversionRequest): ImageInfo {
  if (scale === undefined) return info;
  const spatial = info.axes.filter(({ type }) => type === "space").length;
  if (scale.length !== spatial) {
    throw new ClearstackError(
      "invalid-request",
      `--scale ${scale.join(",")} has ${scale.length} numbers, but the source has ${spatial} axes of space: give ` +
        `${spatial === 3 ? "Z,Y,X" : "Y,X"}`,
    );
  }
  const first = info.axes.length - spatial;
  return {
    ...info,
    scale: [...info.scale.slice(0, first), ...scale],
    axes: info.axes.map((axis, index) => index < first || unit === undefined ? axis : { ...axis, unit }),
  };
}

/** Of everything that decides the values and the metadata; how the output is cut is decided once, by the run that begins it. */
function conversionHash(info: ImageInfo, { output }: ConversionRequest): string {
  const { url, path, identity, axes, scale } = info;
  const decisive = ["convert", 1, redactUrl(url), path, identity, axes, scale, output.version];
  return createHash("sha256").update(JSON.stringify(decisive)).digest("hex");
}

function arrayOf(
  info: ImageInfo,
  { url, version, chunk }: { readonly url: string; readonly version: OmeVersion; readonly chunk: Vec3 },
): StoredArray {
  const { dtype, shape } = info;
  return { url, array: LEVEL_0, version, dtype, axes: info.axes.map(({ name }) => name), shape: [...shape], chunk };
}

function jobRecord({ info, request, planHash, cut }: Conversion) {
  const { source, output, ...options } = request;
  const { chunk, block } = cut;
  return {
    kind: "convert",
    version: VERSION,
    planHash,
    arrays: [LEVEL_0],
    started: new Date().toISOString(),
    request: {
      source: { ...source, url: redactUrl(canonicalUrl(source.url)) },
      output: { ...output, url: redactUrl(canonicalUrl(output.url)) },
      ...options,
    },
    redacted: redactUrl(canonicalUrl(source.url)) === canonicalUrl(source.url) ? [] : ["source"],
    versions: versions(),
    source: { ...info, url: redactUrl(info.url) },
    plan: { tiles: blockCount(info, block), chunk, block },
  };
}

const CutRecord = z.looseObject({ plan: z.looseObject({ chunk: Vec3Schema, block: Vec3Schema }) });

/**
 * Chunks and blocks of the run that began the output: another budget of memory must not mix them with others.
 *
 * @throws {ClearstackError} `over-budget` if they do not fit in the budget of this run
 */
async function begunCut(store: Store, info: ImageInfo, budgetBytes: number): Promise<Cut> {
  const { plan: { chunk, block } } = CutRecord.parse(decodeJson(await store.get(JOB_KEY)));
  const least = { chunk, block, concurrency: 1, reads: 1 };
  const needed = cutBytes(info, least);
  if (needed > budgetBytes) {
    throw new ClearstackError(
      "over-budget",
      `${store.url} was begun with blocks that take ${formatBytes(needed)} of memory, over the budget of ` +
        `${formatBytes(budgetBytes)}: allow at least ${
          Math.ceil(needed / 2 ** 20)
        }MiB with --memory, or begin anew with --overwrite`,
    );
  }
  const faster = [{ ...least, concurrency: 2, reads: READ_CONCURRENCY }, { ...least, reads: READ_CONCURRENCY }];
  return faster.find((cut) => cutBytes(info, cut) <= budgetBytes) ?? least;
}

const BlockRecord = z.looseObject({ least: z.number().nullable(), largest: z.number().nullable() });

async function recordedBlocks(store: Store, planHash: string): Promise<Set<number>> {
  const indices = (await Array.fromAsync(store.list(recordsPrefix(planHash)))).map(recordIndex);
  return new Set(indices.filter((index) => index !== undefined));
}

/** Writes all blocks that are not `done`; nothing where `done` is undefined. */
async function writeBlocks(job: Conversion, done: Set<number> | undefined, options: ConversionOptions) {
  const { info, store, cut, request } = job;
  const tiles = blockCount(info, cut.block);
  const tally = { blocksWritten: 0, bytesRead: 0, bytesWritten: 0 };
  if (done === undefined) return tally;
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const tell = () =>
    options.onProgress?.({ tiles, tilesDone: done.size + tally.blocksWritten, tilesResumed: done.size });
  let next = 0;
  const lane = async () => {
    while (next < tiles) {
      const index = next++;
      if (done.has(index)) continue;
      signal.throwIfAborted();
      const written = await writeOne(job, blockAt(info, cut.block, index), signal);
      tally.blocksWritten++;
      tally.bytesRead += written.bytesRead;
      tally.bytesWritten += written.bytesWritten;
      tell();
    }
  };
  tell();
  const lanes = Array.from({ length: cut.concurrency }, () =>
    lane().catch((error) => {
      stop.abort(error);
      throw error;
    }));
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === "rejected");
  if (failed === undefined) return tally;
  const error = toClearstackError(options.signal?.aborted ? options.signal.reason : stop.signal.reason);
  const kept = done.size + tally.blocksWritten;
  if (kept === 0 && job.fresh) {
    await removeOutput(store, [LEVEL_0]).catch(() => {});
    throw error;
  }
  throw new ClearstackError(
    error.kind,
    `${error.message}; ${kept} of ${tiles} blocks are kept in ${
      redactUrl(request.output.url)
    }: run the same command again to ` +
      "continue",
    { cause: error },
  );
}

async function writeOne({ image, store, planHash, cut, array }: Conversion, place: BlockPlace, signal: AbortSignal) {
  const started = performance.now();
  const { index, outer, box } = place;
  const { values, bytesRead } = await readVoxels(image, { outer, box, concurrency: cut.reads, signal });
  const range = ValueRanges.of(values);
  const { bytesWritten } = await writeBlock(array, { outer, core: box, values }, { signal });
  releaseMemory(values);
  const seconds = (performance.now() - started) / 1000;
  await store.put(recordKey(planHash, index), encodeJson({ index, seconds, bytesRead, bytesWritten, ...range }));
  return { bytesRead, bytesWritten };
}

/** Writes the metadata that make the output visible, then the record that it is complete. */
async function finish(job: Conversion, seconds: number): Promise<void> {
  const { info, store, planHash, array, request } = job;
  const finished = new Date().toISOString();
  const { url, path, identity, format, dtype } = info;
  const provenance = {
    kind: "convert",
    version: VERSION,
    planHash,
    source: { url: redactUrl(url), path, identity, format, dtype },
    finished,
  };
  const { version } = request.output;
  const windows = await channelWindows(job);
  const ours = rootAttributes({ ...info, name: info.name ?? nameOf(url) }, {
    version,
    levels: [],
    dtype,
    windows,
    provenance,
  });
  const documents = rootDocuments(version, await joinedAttributes(store, ours), [array]);
  const told = await isShared(store) ? documents.filter(([key]) => key !== ".zmetadata") : documents;
  for (const [key, document] of told) await store.put(key, encodeJson(document));
  await store.put(DONE_KEY, encodeJson({ planHash, finished, seconds }));
}

/** Least and largest value of each channel, from the records of the blocks. */
async function channelWindows({ info, store, planHash, cut }: Conversion): Promise<ChannelWindow[]> {
  const channelAxis = info.axes.findIndex(({ name }) => name === "c");
  const ranges = new ValueRanges(channelAxis < 0 ? 1 : info.shape[channelAxis]!);
  for await (const key of store.list(recordsPrefix(planHash))) {
    const index = recordIndex(key);
    if (index === undefined) continue;
    const { data } = BlockRecord.safeParse(decodeJson(await store.get(key)));
    const channel = channelAxis < 0 ? 0 : blockAt(info, cut.block, index).outer[channelAxis]!;
    if (data !== undefined) ranges.add(channel, data);
  }
  return ranges.windows();
}

/** `/data/embryo.ome.tif` -> `embryo`. */
function nameOf(url: string): string {
  const file = redactUrl(url).replace(/[\\/]+$/, "").split(/[\\/]/).at(-1)!;
  return file.replace(/(\.ome)?\.(tiff?|zarr)$/i, "") || file;
}
