/**
 * Jobs that accepted events ask for, on their way to the job runner. Each is in a store from before its sender is answered
 * until the runner has it, so that a process may die at any moment and nothing is lost; handing one over twice is no harm,
 * since its idempotency key makes it one job.
 */
import { z } from "zod";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { QuotasSchema } from "shared/contract/quotas.ts";
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { UPLOADS } from "shared/telemetry/metrics.ts";
import { UploadEventSchema } from "./formats/upload_event.ts";

const WAITING = "events/waiting/";
const FAILED = "events/failed/";

/** Entries of processes that died are looked for this often, while events arrive. */
const SWEEP_MILLISECONDS = 60_000;

/** An entry that so many processes died or hung over is at fault itself. */
const MAX_ATTEMPTS = 3;

/** What is still a failure of the moment after so long is none. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;

const InboxEntrySchema = z.strictObject({
  /** Idempotency key. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  upload: UploadEventSchema,
  owner: z.string(),
  quotas: QuotasSchema,
  rule: z.string(),
  request: JobRequestSchema,
  received: z.iso.datetime(),
  /** Hand-overs that processes began and did not live to end. */
  attempts: z.int().min(0).optional(),
});
export type InboxEntry = z.infer<typeof InboxEntrySchema>;

interface EventInboxOptions {
  readonly store: Store;
  /** Hands a job over; resolves once nothing of it can be lost any more. */
  readonly submit: (entry: InboxEntry) => Promise<unknown>;
  /** Entries that may wait; more are refused, so that their senders send them again. @default {1000} */
  readonly capacity?: number;
  /** Milliseconds after which a hand-over is given up, longer than planning may take. @default {600000} */
  readonly submitMs?: number;
  /** Hand-overs at the same time. @default {2} */
  readonly concurrency?: number;
  /** Pause after a hand-over that failed and may succeed later, milliseconds; doubles to 64 times as much. @default {1000} */
  readonly retryMs?: number;
  readonly log?: (line: string) => void;
}

interface Waiting {
  readonly entry: InboxEntry;
  /** True if an earlier process accepted it, and may have died of it. */
  readonly inherited: boolean;
  /** Resolves when the store has the entry. */
  readonly stored: Promise<unknown>;
  attempts: number;
}

/** Entries of one process; several processes may share a store. */
export class EventInbox {
  readonly #options: Required<EventInboxOptions>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #queue: Waiting[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #running = 0;
  #sweptAt = 0;
  #idle = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: EventInboxOptions) {
    this.#options = {
      capacity: 1000,
      submitMs: 600_000,
      concurrency: 2,
      retryMs: 1000,
      log: plainLog,
      ...options,
    };
    this.#idle.resolve();
    for (const outcome of ["accepted", "ignored", "refused", "failed"]) UPLOADS.told.add(0, { outcome });
    this.#count();
  }

  /**
   * Takes an entry; once this resolves, it is safe.
   *
   * @throws {ClearstackError} `too-many` if too many wait; whatever the store throws
   */
  async accept(entry: InboxEntry): Promise<void> {
    if (this.#closed) throw new ClearstackError("no-device", "the service is shutting down: try again later");
    const repeated = this.#waiting.get(entry.key);
    if (repeated) return void await repeated.stored;
    if (this.#waiting.size >= this.#options.capacity) {
      throw new ClearstackError("too-many", `${this.#waiting.size} events wait to be processed: send this one later`);
    }
    const bytes = new TextEncoder().encode(JSON.stringify(entry));
    const stored = this.#options.store.put(`${WAITING}${entry.key}.json`, bytes);
    const waiting = this.#enter({ entry, stored, inherited: false });
    try {
      await waiting.stored;
    } catch (error) {
      this.#leave(waiting);
      throw error;
    }
    this.#enqueue(waiting);
    // Not awaited, since the sender waits; it never rejects.
    if (Date.now() - this.#sweptAt > SWEEP_MILLISECONDS) this.sweep();
  }

  /** Keeps an entry whose job is not allowed with the reason; its sender will not send it again. */
  async refuse(entry: InboxEntry, error: ClearstackError): Promise<void> {
    await this.#bury(entry, error);
  }

  /** Takes what processes that died have left in the store; what cannot be read stays there, and the log says so. */
  async sweep(): Promise<void> {
    this.#sweptAt = Date.now();
    try {
      for await (const name of this.#options.store.listNames(WAITING)) {
        const key = name.replace(/\.json$/, "");
        if (!this.#waiting.has(key)) await this.#takeUp(`${WAITING}${name}`);
      }
    } catch (error) {
      this.#options.log(`events that wait in the store cannot be listed: ${toClearstackError(error).message}`);
    }
  }

  /** Resolves when nothing waits that this process knows of. */
  async idle(): Promise<void> {
    while (this.#waiting.size > 0) await this.#idle.promise;
  }

  /** Stops handing over; what waits is taken up by the next process. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #takeUp(key: string): Promise<void> {
    const bytes = await this.#options.store.get(key);
    if (bytes === undefined) return;
    try {
      const entry = InboxEntrySchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
      if (this.#waiting.has(entry.key)) return;
      this.#enqueue(this.#enter({ entry, stored: Promise.resolve(), inherited: true }));
    } catch {
      this.#options.log(`the event ${key} in the store cannot be read: mend or remove it`);
    }
  }

  #enter(given: Omit<Waiting, "attempts">): Waiting {
    if (this.#waiting.size === 0) this.#idle = Promise.withResolvers();
    const waiting = { ...given, attempts: 0 };
    this.#waiting.set(given.entry.key, waiting);
    this.#count();
    return waiting;
  }

  /** Entries that were told first may have been taken up last. */
  #count(): void {
    const told = [...this.#waiting.values()].map(({ entry }) => Date.parse(entry.received));
    UPLOADS.waiting.setBegin(told.length === 0 ? undefined : Math.min(...told), {});
  }

  #leave({ entry }: Waiting): void {
    this.#waiting.delete(entry.key);
    this.#count();
    if (this.#waiting.size === 0) this.#idle.resolve();
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    while (!this.#closed && this.#running < this.#options.concurrency) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#running++;
      this.#handOver(next).finally(() => {
        this.#running--;
        const following = this.#queue.shift();
        if (following) this.#enqueue(following);
      });
    }
  }

  async #handOver(waiting: Waiting): Promise<void> {
    const { entry } = waiting;
    const { store, submit, log } = this.#options;
    try {
      await this.#begin(waiting);
      await this.#inTime(submit(entry));
      await store.delete(`${FAILED}${entry.key}.json`).catch(() => {});
    } catch (thrown) {
      const error = toClearstackError(thrown);
      const described = `${entry.upload.provider}://${entry.upload.bucket}/${entry.upload.key} (${entry.rule})`;
      log(`the upload ${described} started no job: ${error.message}`);
      if (mayMend(error) && Date.now() - Date.parse(entry.received) < MAX_AGE_MS) {
        await this.#writeAttempts(waiting, entry.attempts).catch(() => {});
        return this.#later(waiting);
      }
      UPLOADS.told.add(1, { outcome: "failed" });
      await this.#bury(entry, error);
    }
    await store.delete(`${WAITING}${entry.key}.json`).catch((error) =>
      log(`a processed event stays in the store: ${toClearstackError(error).message}`)
    );
    this.#leave(waiting);
  }

  /**
   * Writes down that an inherited entry is about to be handed over, so that one that takes its process with it does so a few times.
   *
   * @throws {ClearstackError} `conflict` for one that has
   */
  async #begin(waiting: Waiting): Promise<void> {
    if (!waiting.inherited) return;
    const { attempts = 0 } = waiting.entry;
    if (attempts >= MAX_ATTEMPTS) {
      throw new ClearstackError("conflict", `${attempts} processes ended while they handed it over`);
    }
    await this.#writeAttempts(waiting, attempts + 1);
  }

  async #writeAttempts({ entry, inherited }: Waiting, attempts: number | undefined): Promise<void> {
    if (!inherited) return;
    const bytes = new TextEncoder().encode(JSON.stringify({ ...entry, attempts }));
    await this.#options.store.put(`${WAITING}${entry.key}.json`, bytes);
  }

  /** @throws {ClearstackError} `conflict` for a hand-over that does not end */
  async #inTime(submitting: Promise<unknown>): Promise<void> {
    const { submitMs } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new ClearstackError("conflict", `it was not handed over within ${submitMs / 1000} s`)),
      submitMs,
    );
    this.#timers.add(timer);
    try {
      await Promise.race([submitting, late.promise]);
    } finally {
      clearTimeout(timer);
      this.#timers.delete(timer);
    }
  }

  #later(waiting: Waiting): void {
    if (this.#closed) return;
    const pause = this.#options.retryMs * 2 ** Math.min(waiting.attempts++, 6) * (0.75 + Math.random() / 2);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#enqueue(waiting);
    }, pause);
    this.#timers.add(timer);
  }

  async #bury(entry: InboxEntry, { kind, message }: ClearstackError): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...entry, error: { kind, message } }));
    await this.#options.store.put(`${FAILED}${entry.key}.json`, bytes).catch((error) =>
      this.#options.log(`a failed event cannot be kept: ${toClearstackError(error).message}`)
    );
  }
}

/** True for failures of the moment: of a store, a network, or a service that is busy or starts anew. */
export function mayMend(error: ClearstackError): boolean {
  return error.retryable || error.status === 503;
}
