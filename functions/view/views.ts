/** The views of a service: made, found again after a restart, and removed when their time is over. */
import type { Location } from "shared/contract/location.ts";
import type { ShownImage } from "shared/contract/views/shown_image.ts";
import type { View, ViewList, ViewRequest } from "shared/contract/views/view.ts";
import type { CreateViewOptions, ViewEventsOptions, ViewQuery, ViewRunner } from "shared/engine/view_runner.ts";
import { ClearstackError, errorToRecord } from "shared/errors.ts";
import { eventStream } from "shared/http/event_stream.ts";
import { pause } from "shared/process/pause.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { objectUrl, redactUrl } from "shared/storage/url.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { beginView } from "./begin_view.ts";
import { KEY_BYTES, ViewSigner } from "./http/view_signature.ts";
import { ShownImages } from "./images/shown_images.ts";
import { OpenView } from "./open_view.ts";
import { sampleWindows } from "./sample_windows.ts";
import { Prefetcher } from "./tiles/prefetcher.ts";
import { TileLru } from "./tiles/tile_lru.ts";
import type { ViewWorld } from "./view_context.ts";
import type { ViewSettings } from "./view_settings.ts";
import { outputsFolder, type ViewRecord, ViewRecords } from "./view_records.ts";

/** Dependencies and settings of {@link Views}. */
interface ViewsOptions
  extends Omit<ViewWorld, "lru" | "prefetcher" | "recent" | "log">, Partial<Pick<ViewWorld, "log">> {
  readonly settings: ViewSettings;
  /**
   * True where the device is this process's own: a new view makes it ready before somebody looks, see `OpenView.prepare`.
   *
   * @default {false}
   */
  readonly prepares?: boolean;
  /** Milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
}

/** Chunks that are kept in memory: what one viewer draws at once, 4 MiB each at most. */
const RECENT_CHUNKS = 8;

/** Between two looks for views whose time is over. */
const SWEEP_MS = 60_000;

export class Views implements ViewRunner {
  readonly #settings: ViewSettings;
  readonly #world: ViewWorld;
  readonly #now: () => number;
  readonly #prepares: boolean;
  readonly #records: ViewRecords;
  readonly #signer: ViewSigner;
  /** Images as they are. */
  readonly images: ShownImages;
  readonly #open = new Map<string, Promise<OpenView>>();
  readonly #closing = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(
    { settings, now = Date.now, prepares = false, ...world }: ViewsOptions,
    records: ViewRecords,
    key: Uint8Array,
  ) {
    const log = world.log ?? plainLog;
    this.#settings = settings;
    this.#now = now;
    this.#prepares = prepares;
    this.#world = {
      ...world,
      log,
      lru: new TileLru(settings.cacheBytes, log),
      prefetcher: new Prefetcher(),
      recent: new RecentCache(RECENT_CHUNKS),
    };
    this.#records = records;
    this.#signer = new ViewSigner(key);
    const { expiresMs, publicUrl = "" } = settings;
    this.images = new ShownImages({ key, environment: world.environment, expiresMs, publicUrl, now });
  }

  /** Opens the cache and what is left in it. */
  static async start(options: ViewsOptions): Promise<Views> {
    const { settings, environment } = options;
    const records = new ViewRecords(openStore(settings.cache, { environment }));
    const key = settings.key ?? await records.signingKey(KEY_BYTES);
    const views = new Views(options, records, key);
    views.#sweeping = views.#sweep();
    return views;
  }

  async create(asked: ViewRequest, { owner, quotas, signal }: CreateViewOptions = {}): Promise<View> {
    await this.#refuseMore(owner);
    const id = crypto.randomUUID();
    const url = objectUrl(this.#settings.cache, `${outputsFolder(id)}view.zarr`);
    const begun = await beginView(asked, this.#world, { url, quotas, signal });
    const { environment } = this.#world;
    const windows = await sampleWindows(begun.plan, { environment, signal });
    const created = this.#now();
    const record: ViewRecord = {
      ...{ id, ...begun },
      ...(owner === undefined ? {} : { owner }),
      ...(windows === undefined ? {} : { windows }),
      created: new Date(created).toISOString(),
      expires: new Date(created + this.#settings.expiresMs).toISOString(),
    };
    await this.#records.put(record);
    const view = await this.#opened(record);
    if (this.#prepares) view.prepare();
    return this.#shown(view);
  }

  show(image: Location, options?: RequestOptions): Promise<ShownImage> {
    return this.images.show(image, options);
  }

  async get(id: string): Promise<View> {
    return this.#shown(await this.open(id));
  }

  async list({ owner }: ViewQuery): Promise<ViewList> {
    const records = await Promise.all((await this.#records.ids()).map((id) => this.#records.get(id)));
    const wanted = records.filter((record) => record !== undefined && this.#isLive(record))
      .filter((record) => owner === undefined || record!.owner === owner)
      .sort((a, b) => a!.created < b!.created ? 1 : -1);
    return { views: await Promise.all(wanted.map(async (record) => this.#shown(await this.#opened(record!)))) };
  }

  async remove(id: string): Promise<void> {
    await this.#find(id);
    await this.#forget(id);
  }

  async events(id: string, { after = 0, heartbeatMs }: ViewEventsOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const view = await this.open(id);
    const controller = new AbortController();
    const heartbeat = heartbeatMs === undefined ? {} : { heartbeatMs };
    return eventStream(view.events.follow(after, controller.signal), { controller, ...heartbeat });
  }

  /**
   * A view to be looked at.
   *
   * @throws {ClearstackError} `not-found`; what opening it throws
   */
  async open(id: string): Promise<OpenView> {
    const open = await this.#open.get(id);
    return open !== undefined && this.#isLive(open.record) ? open : await this.#opened(await this.#find(id));
  }

  /** What the signature in a URL is worth. */
  check(id: string, signature: string): ReturnType<ViewSigner["check"]> {
    return this.#signer.check(id, signature, this.#now());
  }

  /** True while something is computed. */
  get isBusy(): boolean {
    return this.#world.prefetcher.isBusy;
  }

  /** Resolves if the cache can be read. */
  async ready(): Promise<void> {
    await this.#records.ids();
  }

  /** Stops all that is computed; what is cached stays. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#world.prefetcher.close();
    for (const view of this.#open.values()) (await view.catch(() => undefined))?.close();
    await this.#sweeping;
  }

  async #find(id: string): Promise<ViewRecord> {
    const record = await this.#records.get(id);
    if (record !== undefined && this.#isLive(record)) return record;
    throw new ClearstackError("not-found", `there is no view ${id}, or its time is over`);
  }

  #isLive({ expires }: ViewRecord): boolean {
    return Date.parse(expires) > this.#now();
  }

  #opened(record: ViewRecord): Promise<OpenView> {
    const known = this.#open.get(record.id);
    if (known !== undefined) return known;
    const opening = OpenView.open(record, this.#world);
    this.#open.set(record.id, opening);
    opening.catch(() => this.#open.delete(record.id));
    return opening;
  }

  async #forget(id: string): Promise<void> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    (await open?.catch(() => undefined))?.close();
    await this.#records.remove(id);
  }

  /** @throws {ClearstackError} `too-many` */
  async #refuseMore(owner: string | undefined): Promise<void> {
    const { mostPerOwner } = this.#settings;
    const records = await Promise.all((await this.#records.ids()).map((id) => this.#records.get(id)));
    const live = records.filter((record) => record?.owner === owner && record !== undefined && this.#isLive(record));
    if (live.length < mostPerOwner) return;
    throw new ClearstackError(
      "too-many",
      `there are ${live.length} of your views, and at most ${mostPerOwner} may be: delete one, or wait until one expires`,
      { need: live.length + 1, limit: mostPerOwner },
    );
  }

  #shown({ record, plan, tilesDone, failure }: OpenView): View {
    const { id, owner, job, created, expires } = record;
    const { publicUrl = "" } = this.#settings;
    const root = `${publicUrl}/v1/views/${id}/${this.#signer.sign(id, Date.parse(expires))}`;
    return {
      ...{ id, created, expires, tilesDone },
      ...(owner === undefined ? {} : { owner }),
      ...(job === undefined ? {} : { job: job.id }),
      ...(failure === undefined ? {} : { error: failure }),
      urls: { "0.5": `${root}/0.5`, "0.4": `${root}/0.4`, "events": `${root}/events` },
      // Answers end up in logs and tickets.
      plan: { ...plan, source: { ...plan.source, url: redactUrl(plan.source.url) } },
    };
  }

  /** Counts what earlier processes have left, and removes what is over, again and again. */
  async #sweep(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        for (const id of await this.#records.ids()) {
          const record = await this.#records.get(id);
          if (signal.aborted) return;
          if (record !== undefined && this.#isLive(record)) await this.#opened(record);
          else await this.#forget(id);
        }
      } catch (error) {
        this.#world.log(`the cache of views cannot be looked through: ${errorToRecord(error).message}`);
      }
      await pause(SWEEP_MS, signal);
    }
  }
}
