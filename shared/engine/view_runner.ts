/** The bond between the HTTP endpoint and what keeps views: in this process, or behind the URL of the `view` function. */
import type { Quotas } from "shared/contract/quotas.ts";
import type { Location } from "shared/contract/location.ts";
import type { ShownImage } from "shared/contract/views/shown_image.ts";
import type { View, ViewList, ViewRequest } from "shared/contract/views/view.ts";
import type { RequestOptions } from "shared/storage/store.ts";

/** Makes views and tells of them. Every method rejects with a ClearstackError. */
export interface ViewRunner {
  /**
   * Plans a view and makes it; nothing is computed before somebody looks.
   *
   * @throws {ClearstackError} what is wrong with the request; `over-quota`, `too-many`; `not-found` for a job that there is not
   */
  create(request: ViewRequest, options?: CreateViewOptions): Promise<View>;
  /** @throws {ClearstackError} `not-found`, also for one that has expired */
  get(id: string): Promise<View>;
  /** Views, newest first; of one owner, where one is named. */
  list(query: ViewQuery): Promise<ViewList>;
  /**
   * Describes an image, and passes it on to viewers as it is.
   *
   * @throws {ClearstackError} what opening it throws
   */
  show(image: Location, options?: RequestOptions): Promise<ShownImage>;
  /**
   * Ends a view: what is computed for it is stopped, what is cached removed.
   *
   * @throws {ClearstackError} `not-found`
   */
  remove(id: string): Promise<void>;
  /**
   * Server-sent events of the tiles that are there and of those that are finished later. Cancelling the stream frees everything.
   *
   * @throws {ClearstackError} `not-found`
   */
  events(id: string, options?: ViewEventsOptions): Promise<ReadableStream<Uint8Array>>;
}

/** Circumstances of a view besides its request; `signal` ends its planning. */
export interface CreateViewOptions extends RequestOptions {
  readonly owner?: string;
  /** Limits that its plan is held to. @default {none} */
  readonly quotas?: Quotas;
}

/** Views to list. */
export interface ViewQuery {
  readonly owner?: string;
}

/** Position in the events of a view from which to go on. */
export interface ViewEventsOptions {
  /** Sequence number of the last event that was seen. */
  readonly after?: number;
  /** @default {15000} */
  readonly heartbeatMs?: number;
}
