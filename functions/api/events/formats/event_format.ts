/** Interface between the endpoint and a format of upload events; each format has a file of its own beside this one. */
import type { z } from "zod";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { EventSources } from "../event_sources.ts";
import type { SenderKeys } from "../proofs/sender_keys.ts";
import type { UploadEvent } from "./upload_event.ts";

/** One HTTP request with its body parsed. */
export interface Delivery {
  readonly headers: Headers;
  readonly query: URLSearchParams;
  /** JSON; undefined for a request without a body. */
  readonly body: unknown;
}

/** A format that somebody may send. */
export interface EventFormat {
  /** Names the format in the configuration. */
  readonly name: keyof EventSources;
  /** True for a delivery that is meant to be of this format; nothing of it has been checked. */
  recognise(delivery: Delivery): boolean;
  /** The format as it was configured; undefined where it was not. */
  open(sources: EventSources, keys: SenderKeys): OpenFormat | undefined;
}

interface OpenFormat {
  /** @throws {ClearstackError} `unauthenticated` or `forbidden`; `store-unavailable` if keys cannot be fetched */
  authenticate(delivery: Delivery): Promise<void>;
  /** The answer to an authenticated delivery that tells of no upload but asks something; undefined for any other. */
  handshake?(delivery: Delivery): Promise<Record<string, string> | undefined>;
  /**
   * Uploads that a delivery tells of, and errors in place of events that break the format; other kinds of event are left out. Keys are
   * decoded and not checked yet.
   *
   * @throws {ClearstackError} `invalid-request` for a delivery that as a whole breaks the format
   */
  normalise(delivery: Delivery): readonly ReadEvent[];
}

/** An upload, or what is wrong with the event that was to tell of one. */
export type ReadEvent = UploadEvent | ClearstackError;

/** Reads the events of a delivery one by one, so that one that breaks its format keeps no other from being heard. */
export function readEach<Event>(
  events: readonly Event[],
  read: (event: Event) => readonly ReadEvent[],
): ReadEvent[] {
  return events.flatMap((event) => {
    try {
      return read(event);
    } catch (error) {
      if (isClearstackError(error)) return [error];
      throw error;
    }
  });
}

/** Parses what should be there in this format; more may be. */
export function parseEvent<T extends z.ZodType>(format: string, schema: T, value: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new ClearstackError("invalid-request", `not a ${format} event: ${path.map(String).join(".")}: ${message}`);
}

/** True for a JSON object that has all these members. */
export function hasMembers(value: unknown, ...names: string[]): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    names.every((name) => Object.hasOwn(value, name));
}
