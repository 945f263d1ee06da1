/**
 * Server-sent events of jobs and views, written and read. They are written here rather than by `hono/streaming`: its stream ends in the
 * same way when the source of events fails as when the job is done, so that no reader would come back, and it takes events
 * before the reader has room for them.
 */
import { type JobEvent, JobStatusSchema } from "shared/contract/job_status.ts";
import { ClearstackError } from "shared/errors.ts";

interface EventStreamOptions {
  /** Aborted when the reader goes away, so that whoever makes the events stops. */
  readonly controller: AbortController;
  /** A comment is sent after so long without an event, so that proxies keep the connection. @default {15000} */
  readonly heartbeatMs?: number;
}

/** An event of a job or a view. */
interface NumberedEvent {
  /** Rising; where a reader that comes back goes on. */
  readonly sequence: number;
  readonly type: string;
}

/** A reader whose connection broke comes back after so long. */
const RETRY_MILLISECONDS = 2000;

export const EVENT_STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" } as const;

/** Encodes events as they come; takes the next one only when the reader has room for it. Closes after the last. */
export function eventStream<Event extends NumberedEvent>(
  events: AsyncIterable<Event>,
  options: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const { controller: stop, heartbeatMs = 15_000 } = options;
  const iterator = events[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let greeted = false;
  let pending: Promise<IteratorResult<Event>> | undefined;
  return new ReadableStream({
    async pull(stream) {
      if (!greeted) {
        greeted = true;
        return stream.enqueue(encoder.encode(`retry: ${RETRY_MILLISECONDS}\n\n`));
      }
      pending ??= iterator.next();
      const next = await within(pending, heartbeatMs);
      if (next === undefined) return stream.enqueue(encoder.encode(": still here\n\n"));
      pending = undefined;
      if (next.done) return stream.close();
      stream.enqueue(encoder.encode(encodeEvent(next.value)));
    },
    async cancel() {
      stop.abort();
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
}

function encodeEvent(event: NumberedEvent): string {
  return `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The value of `promise`, or undefined if it takes longer. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), milliseconds));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Longest event that is read. A status holds a request and counts, never voxels. */
const MAX_EVENT_CHARACTERS = 2 ** 23;

/**
 * Decodes what {@link eventStream} wrote.
 *
 * @throws {ClearstackError} `internal` for anything else, and for an event of more than 8 Mi characters
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<JobEvent> {
  // Only where events are read: every function would start 4 ms later.
  const { EventSourceParserStream, ParseError } = await import("eventsource-parser/stream");
  const parser = new EventSourceParserStream({ maxBufferSize: MAX_EVENT_CHARACTERS });
  // No memory that threads share comes from a connection, which the types of browsers rule out.
  const bytes = body as ReadableStream<BufferSource>;
  try {
    for await (const { data } of bytes.pipeThrough(new TextDecoderStream()).pipeThrough(parser)) yield parseEvent(data);
  } catch (cause) {
    if (!(cause instanceof ParseError)) throw cause;
    const longest = `${MAX_EVENT_CHARACTERS} characters`;
    throw new ClearstackError("internal", `an internal service sent an event of more than ${longest}`, { cause });
  }
}

function parseEvent(json: string): JobEvent {
  try {
    const event = JSON.parse(json) as JobEvent;
    return { ...event, status: JobStatusSchema.parse(event.status) };
  } catch (cause) {
    throw new ClearstackError("internal", "an internal service sent an event that is no job event", { cause });
  }
}

/** Sequence number in a `Last-Event-ID` header; undefined where there is none or it is not one of ours. */
export function lastEventId(headers: Headers): number | undefined {
  const value = headers.get("last-event-id") ?? "";
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
