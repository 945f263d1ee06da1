/**
 * A view that is looked at: an unfinished, unsharded output in the cache, whose tiles are computed as somebody asks for a chunk of them,
 * by what computes those of jobs.
 */
import type { Plan } from "shared/contract/plan.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { BLOSC_OVERHEAD_BYTES } from "shared/codec/blosc/blosc_frame.ts";
import { runPilot } from "shared/decide/pilot.ts";
import { retryMessage } from "shared/engine/retry.ts";
import { boxTask } from "shared/engine/tile_tasks.ts";
import { ClearstackError, type ErrorRecord, errorToRecord } from "shared/errors.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { createOutput } from "shared/image/output/ome_output.ts";
import { objectKey } from "shared/image/output/output_layout.ts";
import { outputIntensity } from "shared/plan/output_intensity.ts";
import { objectEntry } from "shared/image/output/stored_objects.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { decidedPlan, leavesOpen } from "shared/plan/tile_algorithm.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { constantChunk } from "shared/image/write/write_constant.ts";
import { openStore } from "shared/storage/open_store.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { type ChunkPlace, chunkPlace } from "./http/object_key.ts";
import { viewDocuments } from "./http/view_documents.ts";
import { CoarseLevels, type ReadyChunk } from "./levels/coarse_levels.ts";
import type { CachedTiles } from "./tiles/cached_tiles.ts";
import { openFinestTiles } from "./tiles/finest_tiles.ts";
import { TileEvents } from "./tiles/tile_events.ts";
import { tileIndex, tilePosition } from "./tiles/tile_index.ts";
import { Travel } from "./tiles/travel.ts";
import type { ViewChunk, ViewContext, ViewWorld } from "./view_context.ts";
import type { ViewRecord } from "./view_records.ts";

/** Before what jobs want, and after. */
const LOOKED_AT = 9;
const PREFETCHED = 0;

/** Chunks of more bytes are not kept in memory. */
const LARGEST_RECENT = 2 ** 22;

/** A stored chunk may be removed between being waited for and being read. */
const ROUNDS = 4;

export class OpenView {
  readonly record: ViewRecord;
  readonly events = new TileEvents();
  readonly #world: ViewWorld;
  readonly #closing = new AbortController();
  readonly #deciding = new RecentCache<"plan", Plan>(1);
  readonly #travel = new Travel();
  readonly #documents = new Map<OmeVersion, ReadonlyMap<string, Uint8Array>>();
  #plan: Plan;
  #failure: ErrorRecord | undefined;
  #context!: ViewContext;
  #finest!: CachedTiles;
  #coarse!: CoarseLevels;

  private constructor(record: ViewRecord, world: ViewWorld) {
    this.record = record;
    this.#world = world;
    this.#plan = record.plan;
  }

  /**
   * Opens a view: creates its output in the cache, or goes on with it.
   *
   * @throws {ClearstackError} what the device or the store throws
   */
  static async open(record: ViewRecord, world: ViewWorld): Promise<OpenView> {
    const view = new OpenView(record, world);
    const { plan, request } = record;
    const { environment } = world;
    const device = await world.device(request.backend);
    const output = await createOutput(plan, request, { environment });
    if (output.decisions) view.#plan = decidedPlan(plan, output.decisions);
    const { url } = request.output;
    const context: ViewContext = {
      ...world,
      ...{ record, device, output },
      store: openStore(url, { environment }),
      arrays: plannedOutput(plan, { url, run: output.run }).arrays,
      closing: view.#closing.signal,
      decided: (signal) => view.#decided(signal),
    };
    view.#context = context;
    view.#finest = await openFinestTiles(context, view.#plan, {
      onDone: (index) => view.#tell(index),
      onMaking: (indices) => view.events.work(indices),
    });
    view.#coarse = await CoarseLevels.open(context, view.#finest);
    for (const index of view.#finest.indices) view.#tell(index);
    return view;
  }

  /** The plan as far as it is decided. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Tiles of full resolution in the cache. */
  get tilesDone(): number {
    return this.#finest.count;
  }

  /** Why nothing can be computed, where what has to be decided first could not be. */
  get failure(): ErrorRecord | undefined {
    return this.#failure;
  }

  /** The metadata document under a key. */
  document(key: string, version: OmeVersion): Uint8Array | undefined {
    const { arrays } = this.#context;
    const { plan, windows } = this.record;
    const intensity = outputIntensity(this.#plan);
    const documents = this.#documents.get(version) ?? viewDocuments(version, { plan, arrays, windows, intensity });
    // Of integers, these are others once it is decided what they stand for.
    if (!leavesOpen(this.#plan)) this.#documents.set(version, documents);
    return documents.get(key);
  }

  /** The chunk that a key names; undefined where there is no such key. */
  placeOf(key: string, version: OmeVersion): ChunkPlace | undefined {
    return chunkPlace(key, version, this.#context.arrays);
  }

  /**
   * A chunk, computed if it is not there.
   *
   * @throws {ClearstackError} why it cannot be; `cancelled` if the signal fires
   */
  async chunk(place: ChunkPlace, signal: AbortSignal): Promise<ViewChunk> {
    const { recent } = this.#world;
    const next = place.level === 0 ? this.#travel.next(place, this.#plan) : undefined;
    const name = `${this.record.id}/${place.level}/${[...place.outer, ...place.at].join("/")}`;
    const chunk = await recent.get(name, (signal) => this.#read(place, signal), signal);
    if (chunk.approximate || chunk.bytes.length > LARGEST_RECENT) recent.forget(name);
    if (next !== undefined) this.#lookAhead(next);
    return chunk;
  }

  async #read(place: ChunkPlace, signal: AbortSignal): Promise<ViewChunk> {
    for (let round = 0; round < ROUNDS; round++) {
      const { array, approximate, storedBytes } = await this.#ready(place, signal);
      const maxBytes = 4 * voxelCount(array.chunk) + BLOSC_OVERHEAD_BYTES;
      const store = openStore(array.url, this.#context);
      const bytes = await store.get(objectKey(array, place.outer, place.at), { signal, maxBytes });
      const chunk = bytes ?? (storedBytes === 0 ? constantChunk(array, { value: 0 }) : undefined);
      if (chunk !== undefined) return { bytes: chunk, entry: objectEntry(chunk), approximate };
      // Removed since, for lack of room or by somebody else who uses the cache.
      await this.#drop(place, signal);
    }
    throw new ClearstackError("internal", "the cache is too small: a tile was removed before it could be read");
  }

  /**
   * Has everything decided and the kernels made ready while nobody waits, so that the first chunk takes its tile alone: threads are
   * started, the PSF is transformed, shaders are compiled.
   */
  prepare(): void {
    this.#world.prefetcher.want({ name: `${this.record.id}/kernels`, make: (signal) => this.#prepare(signal) });
  }

  /** One iteration of the tile in the middle, which viewers show first; of what is made, only the kernels stay. */
  async #prepare(signal: AbortSignal): Promise<void> {
    // Whoever comes meanwhile waits for the same decisions.
    const plan = await this.#decided(this.#closing.signal);
    if (signal.aborted || this.#finest.count > 0) return;
    const { record: { request }, engine, device: { backend } } = this.#context;
    const middle = tileIndex(plan, plan.outerShape.map(() => 0), mapAxes((axis) => plan.grid[axis] >> 1));
    const task = boxTask({ plan, request, backend }, tileAt(plan, middle));
    const once = { ...task, algorithm: { ...task.algorithm, iterations: 1 } };
    await engine.fanOut("pilots", [once], { signal, priority: PREFETCHED, concurrency: 1, onReport: () => {} });
  }

  /** Stops all that is computed. */
  close(): void {
    this.#closing.abort();
    this.events.close();
    this.#world.lru.forgetAll(`${this.record.id}/`);
  }

  async #drop(place: ChunkPlace, signal: AbortSignal): Promise<void> {
    if (place.level > 0) await this.#coarse.drop(place, signal);
    else this.#finest.drop(tileIndex(this.#plan, place.outer, tilePosition(this.#plan, place.at)));
  }

  /** Waits until a chunk is stored. */
  async #ready(place: ChunkPlace, signal: AbortSignal): Promise<ReadyChunk> {
    const { prefetcher } = this.#world;
    if (place.level > 0) {
      const wait = () => this.#coarse.need(place, { signal, priority: LOOKED_AT });
      return await prefetcher.reading(`${this.record.id}/${place.level}`, wait);
    }
    const array = this.#context.arrays[0]!;
    const index = tileIndex(this.#plan, place.outer, tilePosition(this.#plan, place.at));
    const wait = () => this.#finest.need(index, { signal, priority: LOOKED_AT });
    const storedBytes = this.#finest.has(index)
      ? await wait()
      : await prefetcher.reading(this.#finest.nameOf(index), wait);
    return { array, approximate: false, storedBytes };
  }

  /** Has a tile made that will probably be looked at next. */
  #lookAhead(index: number): void {
    if (this.#finest.has(index)) return;
    const make = async (signal: AbortSignal) => void await this.#finest.need(index, { signal, priority: PREFETCHED });
    this.#world.prefetcher.want({ name: this.#finest.nameOf(index), make });
  }

  /** The plan with everything decided: by the request, an earlier process, or a pilot that whoever waits for a chunk waits for. */
  async #decided(signal: AbortSignal): Promise<Plan> {
    if (!leavesOpen(this.#plan)) return this.#plan;
    return await this.#deciding.get("plan", (signal) => this.#decide(signal), signal);
  }

  async #decide(signal: AbortSignal): Promise<Plan> {
    const { record: { plan, request }, engine, environment, output, device } = this.#context;
    const { log } = this.#world;
    const stop = new AbortController();
    using _leaving = onAbort(signal, () => stop.abort());
    using _closing = onAbort(this.#closing.signal, () => stop.abort());
    try {
      const { decisions, measurements } = await runPilot({ plan, device }, request, engine, {
        ...{ environment, signal: stop.signal },
        onRetry: (retry) => log(retryMessage("tile", retry), { level: "warn", view: this.record.id }),
        tell: (message) => log(message, { level: "info", view: this.record.id }),
      });
      this.#plan = decidedPlan(plan, await output.decide(decisions, measurements));
      this.#failure = undefined;
      return this.#plan;
    } catch (error) {
      if (!stop.signal.aborted) this.#failure = errorToRecord(error);
      throw error;
    }
  }

  #tell(index: number): void {
    this.events.add(tileAt(this.#plan, index), this.#finest.count);
  }
}
