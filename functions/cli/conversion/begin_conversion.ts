/** The beginning of a conversion: what there is to convert, into what, and how much of that an earlier run has done. */
import { createHash } from "node:crypto";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type Level, LevelSchema } from "shared/contract/level.ts";
import { computedRequest } from "shared/image/output_form.ts";
import { Vec3Schema } from "shared/contract/box.ts";
import { ClearstackError } from "shared/errors.ts";
import { readJob } from "shared/image/output/job_record.ts";
import { beginOutput, claimOutput } from "shared/image/output/claim_output.ts";
import { createArray } from "shared/image/zarr/create_array.ts";
import type { Image } from "shared/image/image.ts";
import { levelArrays, type LevelledOutput } from "shared/image/output/level_arrays.ts";
import { openImage, reopenImage } from "shared/image/open_image.ts";
import { claimTiff } from "shared/image/output/tiff/tiff_output.ts";
import { tiffForm } from "shared/image/tiff/write_tiff.ts";
import { refuseEmpty } from "shared/image/refuse_empty.ts";
import { LEVEL_0 } from "shared/image/output/output_layout.ts";
import { continueTiles } from "shared/image/output/check_output.ts";
import { formatBytes, READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl, splitObject } from "shared/storage/url.ts";
import { VERSION } from "shared/version.ts";
import { versions } from "shared/process/versions.ts";
import { z } from "zod";
import { blockCount, type Cut, cutBytes, cutImage } from "./conversion_blocks.ts";
import { conversionLevels, levelsBytes } from "./conversion_levels.ts";
import { BlockRecordSchema, type ConversionRequest } from "./conversion_record.ts";

/** A conversion whose output is there, so that nobody else can take its place. */
export interface Conversion {
  readonly request: ConversionRequest;
  readonly image: Image;
  readonly store: Store;
  /** Run that the output belongs to. */
  readonly run: string;
  /** True if checksums are compared before the output counts as complete. */
  readonly verify: boolean;
  /** Image to write; its `source` has the scale that was asked for. */
  readonly output: LevelledOutput;
  readonly cut: Cut;
  /** Blocks that earlier runs have written. */
  readonly done: ReadonlySet<number>;
  /** True if this run began the output. */
  readonly fresh: boolean;
  /** True if an earlier run finished it. */
  readonly finished: boolean;
  /** TIFF to make of the finished output. */
  readonly tiff?: string;
}

/** Resources that a run may use. */
export interface BeginConversionOptions extends StoreAccess {
  /** Memory to stay within, bytes. */
  readonly memoryBytes: number;
}

/**
 * Opens the source and begins the output, or finds the one to continue.
 *
 * @throws {ClearstackError} what is wrong with the request; `over-budget`; what reading and writing metadata throw
 */
export async function beginConversion(
  asked: ConversionRequest,
  { memoryBytes, ...access }: BeginConversionOptions,
): Promise<Conversion> {
  const request = computedRequest(asked);
  const opened = await openImage(request.source, access);
  await refuseEmpty(opened, request.source, access);
  const info = rescaled(opened.info, request);
  const store = openStore(request.output.url, { environment: access.environment });
  const planHash = conversionHash(info, request);
  const { url, version, shards, ifExists, pyramid } = request.output;
  const inputs = [{ role: "source", url: request.source.url, path: info.path }];
  const wish = cutImage(info, { version, shards }, memoryBytes);
  const finer = { chunk: wish.chunk, output: { version, shards } };
  const wishedLevels = pyramid === "none" ? [] : conversionLevels(info, finer, memoryBytes);
  const arraysOf = ({ chunk, shard }: Cut, levels: readonly Level[], run?: string) => {
    const { dtype, shape, axes } = info;
    const stored = { url, array: LEVEL_0, version, chunk, ...(shard === undefined ? {} : { shard }) };
    const owned = { ...stored, ...(run === undefined ? {} : { run }) };
    return levelArrays({ ...owned, dtype, shape: [...shape], axes: axes.map(({ name }) => name) }, levels);
  };
  if (request !== asked) {
    tiffForm(info, splitObject(asked.output.url).key);
    const { url: tiff, ifExists } = asked.output;
    const found = await claimTiff(tiff, { ...access, planHash, ifExists, computedUrl: url, inputs });
    if (found !== undefined) {
      const output = { planHash, source: info, levels: [], arrays: arraysOf(wish, [], found.job.run) };
      const done = new Set(Array(blockCount(info, wish.block)).keys());
      const finished = { run: found.job.run, verify: false, done, fresh: false, finished: true };
      return { request: asked, image: opened, store: openStore(tiff, access), output, cut: wish, ...finished };
    }
  }
  const claim = await claimOutput(store, { planHash, version, ifExists, inputs, environment: access.environment });
  const { cut, levels, plannedMs } = claim.kind === "room"
    ? { cut: wish, levels: wishedLevels, plannedMs: opened.openedMs }
    : await begunLayout(store, info, memoryBytes);
  const source = plannedMs === undefined ? info : { ...info, plannedMs };
  const image = await reopenImage({ ...opened.info, plannedMs }, access);
  const create = async (run: string) => {
    for (const array of arraysOf(cut, levels, run)) await createArray(array, access);
  };
  const job = jobRecord({ request, output: { planHash, source, levels, arrays: arraysOf(cut, levels) }, cut });
  const run = claim.kind === "begun" ? claim.run : await beginOutput(store, { room: claim, job, create });
  const output = { planHash, source, levels, arrays: arraysOf(cut, levels, run) };
  const verify = (request.output.verify ?? false) || claim.suspect;
  const whole = { output, tiles: blockCount(info, cut.block), schema: BlockRecordSchema };
  const found = claim.kind === "begun"
    ? await continueTiles(store, whole, { ...claim, verify, signal: access.signal })
    : { done: new Set<number>(), whole: false };
  if (claim.kind === "begun" && !found.whole) await create(run);
  const progress = { done: found.done, fresh: claim.kind === "room", finished: found.whole };
  const tiff = request === asked ? {} : { tiff: asked.output.url };
  return { request, image, store, run, output, cut, verify, ...progress, ...tiff };
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
  const { version, shards, pyramid } = output;
  const decisive = ["convert", 3, redactUrl(url), path, identity, axes, scale, version, shards, pyramid];
  return createHash("sha256").update(JSON.stringify(decisive)).digest("hex");
}

function jobRecord({ request, output: { planHash, source: info, levels, arrays }, cut }: Pick<
  Conversion,
  "request" | "output" | "cut"
>) {
  const { source, output, ...options } = request;
  const { chunk, shard, block } = cut;
  return {
    kind: "convert",
    version: VERSION,
    planHash,
    arrays: arrays.map(({ array }) => array),
    started: new Date().toISOString(),
    request: {
      source: { ...source, url: redactUrl(canonicalUrl(source.url)) },
      output: { ...output, url: redactUrl(canonicalUrl(output.url)) },
      ...options,
    },
    redacted: redactUrl(canonicalUrl(source.url)) === canonicalUrl(source.url) ? [] : ["source"],
    versions: versions(),
    source: { ...info, url: redactUrl(info.url) },
    plan: { tiles: blockCount(info, block), chunk, shard, block, levels },
  };
}

const LayoutRecord = z.looseObject({
  plan: z.looseObject({
    chunk: Vec3Schema,
    shard: Vec3Schema.optional(),
    block: Vec3Schema,
    levels: z.array(LevelSchema),
  }),
  source: z.looseObject({ plannedMs: z.number().optional() }),
});

/**
 * Chunks, blocks and levels of the run that began the output, which another budget of memory must not mix with others, and the time
 * at which it planned with the source.
 *
 * @throws {ClearstackError} `over-budget` if they do not fit in the budget of this run; `conflict` if the record does not have them
 */
async function begunLayout(store: Store, info: ImageInfo, budgetBytes: number) {
  const layout = LayoutRecord.safeParse((await readJob(store)).job).data;
  if (layout === undefined) {
    const message = `${store.url} does not say how it was cut, so it cannot be continued; begin anew with --overwrite`;
    throw new ClearstackError("conflict", message, { path: "output.url", value: store.url });
  }
  const { plan: { chunk, shard, block, levels }, source: { plannedMs } } = layout;
  const least = { chunk, shard, block, concurrency: 1, reads: 1 };
  const needed = Math.max(cutBytes(info, least), levelsBytes(info, { chunk, levels }));
  if (needed > budgetBytes) {
    throw new ClearstackError(
      "over-budget",
      `${store.url} was begun with blocks that take ${formatBytes(needed)} of memory, over the budget of ` +
        `${formatBytes(budgetBytes)}: allow at least ${
          Math.ceil(needed / 2 ** 20)
        }MiB with --memory, or begin anew with --overwrite`,
      { need: needed, limit: budgetBytes },
    );
  }
  const faster = [{ ...least, concurrency: 2, reads: READ_CONCURRENCY }, { ...least, reads: READ_CONCURRENCY }];
  return { cut: faster.find((cut) => cutBytes(info, cut) <= budgetBytes) ?? least, levels, plannedMs };
}
