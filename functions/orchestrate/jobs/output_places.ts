/** Who may begin an output at a place: one submission at a time, and none where a live job writes. */
import { delay } from "@std/async/delay";
import { ClearstackError } from "shared/errors.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { throwIfAborted, unlessAborted } from "shared/process/unless_aborted.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { placesOverlap, redactUrl } from "shared/storage/url.ts";
import { jobTime } from "./job_id.ts";
import type { JobStore } from "./job_store.ts";

/** A submission of another process whose mark has no job after so long must have died, or its store is away. */
const SETTLED_MS = 60_000;

/** No submission takes so long. */
const CUT_OFF_MS = 10 * 60_000;

const POLL_MS = 100;

/** Marks of others that are read at the same time. */
const MARKS_AT_ONCE = 32;

/** A submission that wants to begin an output. */
interface Wish {
  readonly id: string;
  /** As `Store.place` tells it. */
  readonly place: string;
  /** Of the output, for messages. */
  readonly url: string;
  readonly signal: AbortSignal | undefined;
}

/** The places of one process, beside those that others have marked in the store of jobs. */
export class OutputPlaces {
  readonly #store: JobStore;
  /** True where no other process takes jobs in. */
  readonly #alone: boolean;
  /** Submissions of this process that begin outputs, by id. */
  readonly #beginning = new Map<string, { readonly place: string; readonly ended: Promise<void> }>();
  /** Places that live jobs write to; a job's place never changes. */
  readonly #outputs = new Map<string, string>();

  constructor(store: JobStore, { alone }: { readonly alone: boolean }) {
    this.#store = store;
    this.#alone = alone;
  }

  /**
   * Runs `begin`, which makes the job, while no other submission begins an output there. The place is the job's until it is
   * released in the store of jobs; it is free again if `begin` fails.
   *
   * @throws {ClearstackError} `in-use` if another job writes there; `cancelled`; what `begin` throws
   */
  async take<T>(wish: Wish, begin: () => Promise<T>): Promise<T> {
    const { id, place, signal } = wish;
    const ahead = [...this.#beginning.values()].filter((other) => placesOverlap(other.place, place));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#beginning.set(id, { place, ended });
    try {
      // Each of them may still be refused: only a job is a reason to send somebody away.
      await unlessAborted(Promise.all(ahead.map((other) => other.ended)), signal);
      this.#outputs.set(id, place);
      await this.#mark(wish);
      return await begin();
    } catch (error) {
      await this.#store.release(id).catch(() => {});
      throw error;
    } finally {
      this.#beginning.delete(id);
      resolve();
    }
  }

  /**
   * Each submission has put up its mark before it looks at those of others, so that of two at least one sees the other. The one
   * with the greater id then takes its mark down, and both wait to see what becomes of the other.
   */
  async #mark({ id, place, url, signal }: Wish): Promise<void> {
    for (const until = Date.now() + SETTLED_MS;;) {
      await this.#store.markLive(id, place);
      const rival = await this.#rival(id, place);
      if (rival === undefined) return;
      if (id > rival) await this.#store.release(id);
      while (await this.#isUndecided(rival)) {
        if (Date.now() > until) throw taken(url);
        throwIfAborted(signal);
        await delay(POLL_MS);
      }
      const status = await this.#store.status(rival);
      if (status && !hasEnded(status)) throw taken(url);
    }
  }

  /** Another submission or job that has marked the place. */
  async #rival(id: string, place: string): Promise<string | undefined> {
    const live = new Set(await this.#store.liveIds());
    for (const known of this.#outputs.keys()) {
      if (!live.has(known) && !this.#beginning.has(known)) this.#outputs.delete(known);
    }
    const unknown = [...live].filter((other) => !this.#outputs.has(other));
    await mapLimited(unknown, MARKS_AT_ONCE, async (other) => {
      const otherPlace = await this.#store.liveOutput(other);
      if (otherPlace !== undefined) this.#outputs.set(other, otherPlace);
    });
    for (const other of live) {
      const otherPlace = this.#outputs.get(other);
      if (other === id || otherPlace === undefined || !placesOverlap(otherPlace, place)) continue;
      const status = await this.#store.status(other);
      if (status === undefined || !hasEnded(status)) return other;
    }
    return undefined;
  }

  /** True while there is a mark without a job. */
  async #isUndecided(other: string): Promise<boolean> {
    if (await this.#store.status(other)) return false;
    // A mark without a job is that of a submission that was cut off, if none of this process can be at it, or for so long.
    if (this.#alone || Date.now() - jobTime(other)! > CUT_OFF_MS) await this.#store.release(other);
    return await this.#store.liveOutput(other) !== undefined;
  }
}

function taken(url: string): ClearstackError {
  return new ClearstackError("in-use", `another job is writing to ${redactUrl(url)}: wait or cancel it`, {
    path: "output.url",
  });
}
