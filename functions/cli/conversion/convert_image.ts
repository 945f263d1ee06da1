/**
 * Stores any image that can be read as an OME-Zarr: the same voxels, to the last bit, in chunks that viewers like, and coarser
 * levels of them. Streams block by block, so that memory does not grow with the image; what is done is recorded, so that an
 * interrupted run goes on.
 */
import { fanOutLevels } from "shared/engine/fan_out_levels.ts";
import { channelAt, channelCount } from "shared/volume/channels.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import type { Engine } from "shared/engine/engine.ts";
import { ClearstackError, errorFields, toClearstackError } from "shared/errors.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { type ChannelWindow, channelWindows } from "shared/image/ome/channel_windows.ts";
import { isLost, markSuspect } from "shared/image/output/job_record.ts";
import { recordKey, recordsPrefix } from "shared/image/output/output_layout.ts";
import { assertWhole } from "shared/image/output/check_output.ts";
import { discardOutput } from "shared/image/output/output_place.ts";
import { readVoxels } from "shared/image/read/read_voxels.ts";
import { writeTiffOutput } from "shared/image/output/tiff/tiff_output.ts";
import { type TiffForm, tiffForm } from "shared/image/tiff/write_tiff.ts";
import { isTiffOutput } from "shared/image/output_form.ts";
import { showOutput } from "shared/image/output/show_output.ts";
import { putRecord, recordedRanges } from "shared/image/output/tile_records.ts";
import { valueRange } from "shared/volume/value_range.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { codecThreadsBytes, openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { canonicalUrl, redactUrl, splitObject } from "shared/storage/url.ts";
import { imageName } from "shared/image/image_name.ts";
import { readIntensity } from "shared/image/read_intensity.ts";
import { countedKept } from "shared/counted.ts";
import { VERSION } from "shared/version.ts";
import { beginConversion, type BeginConversionOptions, type Conversion } from "./begin_conversion.ts";
import type { Shown } from "../commands/progress_display.ts";
import { blockAt, blockCount, cutBytes } from "./conversion_blocks.ts";
import { levelsAtOnce, levelsBytes } from "./conversion_levels.ts";
import { BlockRecordSchema, type ConversionRequest } from "./conversion_record.ts";

/** Options of a conversion. */
export interface ConversionOptions extends BeginConversionOptions {
  /** Writes the tiles of coarser levels. */
  readonly engine: Engine<"levels">;
  /** Until the levels are written too, the time left; known once this run has written something. */
  readonly onProgress?: (progress: Shown) => void;
}

/** Result of a conversion. Bytes and seconds leave out what an earlier run did. */
export type ConversionResult = Converted & (StoredZarr | { readonly tiff: TiffForm });

interface Converted {
  readonly output: string;
  readonly shape: readonly number[];
  /** In the order of the shape, such as czyx. */
  readonly axes: string;
  readonly dtype: string;
  readonly blocks: number;
  readonly blocksWritten: number;
  readonly seconds: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** What the source states that could not be used. */
  readonly warnings: readonly Warning[];
}

/** A Zarr as it was written. */
interface StoredZarr {
  readonly omeVersion: OmeVersion;
  /** Of the full resolution, z, y, x. */
  readonly chunk: Vec3;
  /** Of the full resolution, where chunks share objects. */
  readonly shard?: Vec3;
  /** Resolutions of the output, the full one among them. */
  readonly levels: number;
}

/** A conversion under way. */
interface ConversionRun extends Conversion {
  readonly options: ConversionOptions;
  /** Of `performance.now()`. */
  readonly started: number;
  readonly tally: { blocksWritten: number; bytesRead: number; bytesWritten: number };
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
  const conversion = await beginConversion(request, options);
  const run = { ...conversion, options, started, tally: { blocksWritten: 0, bytesRead: 0, bytesWritten: 0 } };
  const seconds = () => (performance.now() - started) / 1000;
  const { warnings = [] } = conversion.image.info;
  for (const { level, message } of warnings) tell(run, `${level}: ${message}`);
  if (!conversion.finished || conversion.tiff !== undefined) {
    const threads = threadsFor(run);
    try {
      if (!conversion.finished) {
        await writeBlocks(run);
        await writeLevels(run);
        await finish(run, seconds);
      }
      if (conversion.tiff !== undefined) await writeTiff(run, conversion.tiff);
    } catch (error) {
      throw await cleanUp(run, toClearstackError(options.signal?.aborted ? options.signal.reason : error));
    } finally {
      threads?.close();
    }
  }
  const { output: { source, arrays } } = conversion;
  const { shape, dtype } = source;
  const axes = source.axes.map(({ name }) => name).join("");
  const { version: omeVersion, chunk, shard } = arrays[0]!;
  const zarr = { omeVersion, chunk, ...(shard === undefined ? {} : { shard }), levels: arrays.length };
  const { url } = request.output;
  const stored = isTiffOutput(url) ? { tiff: tiffForm(source, splitObject(url).key) } : zarr;
  const output = isTiffOutput(url) ? redactUrl(canonicalUrl(url)) : conversion.store.url;
  const result = { output, shape, axes, dtype, ...stored, blocks: blocksOf(conversion) };
  return { ...result, ...run.tally, seconds: seconds(), warnings };
}

/** Makes the TIFF of the finished Zarr. */
async function writeTiff(run: ConversionRun, url: string): Promise<void> {
  const { store, options: { environment, signal, memoryBytes } } = run;
  tell(run, `writing ${redactUrl(canonicalUrl(url))}`);
  await writeTiffOutput(url, { computedUrl: store.url, run: run.run, memoryBytes, environment, signal });
}

/** Threads that encode and decode, where there is memory for them. */
function threadsFor({ output, cut, options: { memoryBytes } }: ConversionRun) {
  const spare = memoryBytes - Math.max(
    cutBytes(output.source, cut),
    levelsBytes(output.source, { chunk: cut.chunk, levels: output.levels }),
  );
  return spare >= codecThreadsBytes() ? openCodecThreads() : undefined;
}

function blocksOf({ output, cut }: Conversion): number {
  return blockCount(output.source, cut.block);
}

function tell(run: ConversionRun, message?: string): void {
  const { done, tally, options } = run;
  const tilesDone = done.size + tally.blocksWritten;
  const progress = { tiles: blocksOf(run), tilesDone, tilesResumed: done.size };
  const eta = tally.blocksWritten === 0 ? {} : { etaSeconds: secondsLeft(run) };
  options.onProgress?.({ ...progress, ...eta, ...(message === undefined ? {} : { message }) });
}

/** All levels together take about as long as the full resolution, which they read, does. */
function secondsLeft(run: ConversionRun): number {
  const { done, tally: { blocksWritten }, started, output: { levels } } = run;
  const blocks = blocksOf(run);
  const left = blocks - done.size - blocksWritten + (levels.length > 0 ? blocks : 0);
  return left * (performance.now() - started) / 1000 / blocksWritten;
}

/** Writes all blocks of the full resolution that are missing. */
async function writeBlocks(run: ConversionRun): Promise<void> {
  const { cut, done, tally, options: { signal } } = run;
  const missing = Array.from({ length: blocksOf(run) }, (_, index) => index).filter((index) => !done.has(index));
  tell(run);
  await mapLimited(missing, cut.concurrency, async (index) => {
    signal?.throwIfAborted();
    const { bytesRead, bytesWritten } = await convertBlock(run, index);
    tally.blocksWritten++;
    tally.bytesRead += bytesRead;
    tally.bytesWritten += bytesWritten;
    tell(run);
  });
}

async function convertBlock(
  { image, run, output, cut, options: { environment, signal } }: ConversionRun,
  index: number,
) {
  const started = performance.now();
  const { outer, box } = blockAt(output.source, cut.block, index);
  const { values, bytesRead } = await readVoxels(image, { outer, box, concurrency: cut.reads, signal });
  const range = valueRange(values);
  const { bytesWritten, objects } = await writeBlock(output.arrays[0]!, { outer, core: box, values }, {
    environment,
    signal,
  });
  releaseMemory(values);
  const seconds = (performance.now() - started) / 1000;
  const record = { index, seconds, bytesRead, bytesWritten, ...range, objects };
  await putRecord(output.arrays[0]!, recordKey({ planHash: output.planHash, run }, index), record, { environment });
  return record;
}

/** Writes the tiles of coarser levels that are missing. */
async function writeLevels(run: ConversionRun): Promise<void> {
  const { output, cut: { chunk }, tally, options: { engine, memoryBytes, environment, signal } } = run;
  await fanOutLevels(output, {
    engine,
    environment,
    concurrency: levelsAtOnce(output.source, { chunk, levels: output.levels }, memoryBytes),
    signal,
    verify: run.verify,
    tell: (message) => tell(run, message),
    onReport: ({ bytesRead, bytesWritten }) => {
      tally.bytesRead += bytesRead;
      tally.bytesWritten += bytesWritten;
    },
    onRetry: (message) => tell(run, message),
  });
}

/** Writes the metadata that make the output visible, then the record that it is complete. */
async function finish(run: ConversionRun, seconds: () => number): Promise<void> {
  const { store, output, verify, options: { environment, signal } } = run;
  await assertWhole(store, { output, tiles: blocksOf(run), schema: BlockRecordSchema }, { verify, signal });
  const { planHash, source: info } = output;
  const { url, path, identity, format, dtype } = info;
  const windows = await windowsOf(run);
  const finished = new Date().toISOString();
  // What the same integers stand for goes with them.
  const intensity = await readIntensity(info, { environment, signal });
  const source = { url: redactUrl(url), path, identity, format, dtype };
  await showOutput(store, output, {
    source: { ...info, name: info.name ?? imageName(url) },
    windows,
    provenance: { kind: "convert", version: VERSION, planHash, source, ...(intensity ? { intensity } : {}), finished },
    done: { planHash, finished, seconds: seconds() },
  });
}

/** Brightness of each channel, from the least and largest values in the records of the blocks. */
async function windowsOf(
  { store, run, output, cut, options: { environment, signal } }: ConversionRun,
): Promise<ChannelWindow[]> {
  const { planHash, source } = output;
  const ranges = await recordedRanges(store, {
    folder: recordsPrefix({ planHash, run }),
    channels: channelCount(source),
    channelOf: (index) => channelAt(source, blockAt(source, cut.block, index).outer),
    signal,
  });
  return await channelWindows(output, { ranges, environment, signal });
}

/** An output without a single block is worth nothing and would be in the way; one with blocks is worth its time. */
async function cleanUp(run: ConversionRun, error: ClearstackError): Promise<ClearstackError> {
  const { store, output, done, tally, fresh } = run;
  const reason = error.kind === "cancelled" ? "the conversion was interrupted" : error.message;
  const kept = done.size + tally.blocksWritten;
  if (kept === 0 && fresh) {
    // What stopped the conversion is the news, also if the store it met then refuses to clean up.
    await discardOutput(store, { arrays: output.arrays.map(({ array }) => array), run: run.run }).catch(() => {});
    return error.kind === "cancelled" ? new ClearstackError("cancelled", `${reason}; nothing was kept`) : error;
  }
  if (await isLost(store, run.run)) return error;
  if (error.kind === "corrupt-data") await markSuspect(store, run.run).catch(() => {});
  const advice = error.kind === "conflict" ? "" : ": run the same command again to continue";
  const note = `${countedKept(kept, blocksOf(run), "block")} in ${store.url}${advice}`;
  return new ClearstackError(error.kind, `${reason}; ${note}`, { ...errorFields(error), cause: error });
}
