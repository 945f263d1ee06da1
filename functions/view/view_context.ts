/** What the parts of an open view share. */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import type { Engine } from "shared/engine/engine.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import type { Output } from "shared/image/output/ome_output.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import type { Log } from "shared/telemetry/log.ts";
import type { RecentCache } from "shared/process/recent_cache.ts";
import type { Prefetcher } from "./tiles/prefetcher.ts";
import type { TileLru } from "./tiles/tile_lru.ts";
import type { ViewRecord } from "./view_records.ts";

/** A chunk as it is stored. */
export interface ViewChunk {
  readonly bytes: Uint8Array;
  /** Size and checksum of the bytes, see `objectEntry`. */
  readonly entry: string;
  /** True for one of a coarser level that will be another once full resolution is there. */
  readonly approximate: boolean;
}

/** What all views of a process share. */
export interface ViewWorld {
  /** Does tiles, pilots and levels, as for jobs. */
  readonly engine: Engine;
  readonly device: (choice: BackendChoice) => Promise<Device>;
  /** Plans requests, and knows jobs. */
  readonly jobs: Pick<JobRunner, "plan" | "get">;
  /** What stores of views see of the world. */
  readonly environment: StoreEnvironment;
  readonly lru: TileLru;
  readonly prefetcher: Prefetcher;
  /** Chunks that were asked for lately, by names that are unique in the process: many viewers look at the same ones. */
  readonly recent: RecentCache<string, ViewChunk>;
  readonly log: Log;
}

/** One open view. */
export interface ViewContext extends Pick<ViewWorld, "engine" | "jobs" | "environment" | "lru"> {
  readonly record: ViewRecord;
  readonly device: Device;
  readonly output: Output;
  /** Of the output. */
  readonly store: Store;
  /** Full resolution, then each coarser level, as they are stored. */
  readonly arrays: readonly StoredArray[];
  /** Fires when the view is closed. */
  readonly closing: AbortSignal;
  /** The plan with everything decided; decides it where that has not been done. */
  readonly decided: (signal: AbortSignal) => Promise<Plan>;
}
