/**
 * Keeps the jobs of a store to one process where no engine of many machines does: the process that holds `driver.json` drives
 * them, and others stand by. A holder is dead if its object has not changed for as long as another has watched it: no clock is
 * compared with another's.
 */
import { errorToRecord } from "shared/errors.ts";
import { decodeJson, encodeJson } from "shared/image/zarr/json.ts";
import { pause } from "shared/process/pause.ts";
import type { Store } from "shared/storage/store.ts";
import type { Log } from "shared/telemetry/log.ts";
import { z } from "zod";

const KEY = "driver.json";

const HolderSchema = z.looseObject({
  instance: z.string().describe("name of the process, the same after a restart"),
  holder: z.string().describe("of this life of it"),
  beat: z.int().min(0).describe("changes as long as the holder lives"),
});

/** Settings of {@link SoleProcess}. */
interface SoleProcessOptions {
  readonly store: Store;
  /** Name of this process, the same after a restart, so that it goes on at once. @default {a new one} */
  readonly instance?: string | undefined;
  /** A holder that has not been heard of for so long is dead. @default {10000} */
  readonly deadAfterMs?: number | undefined;
  /** Called when this process has become the one; again after it had lost that. */
  readonly onHeld: () => Promise<void>;
  /** Called when another process has become the one: whatever this one drives is to stop. */
  readonly onLost: () => Promise<void>;
  readonly log: Log;
}

/** The part of one process in that. */
export class SoleProcess {
  readonly #options: SoleProcessOptions;
  readonly #instance: string;
  readonly #holder = crypto.randomUUID();
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #loop: Promise<void> = Promise.resolve();
  /** Tag of what this process wrote last; undefined while it stands by. */
  #tag: string | undefined;
  #beat = 0;
  /** True once it is told that this process is the one. */
  #announced = false;
  /** What another process wrote last, and since when this one knows it. */
  #seen: { readonly tag: string; readonly since: number } | undefined;

  constructor(options: SoleProcessOptions) {
    this.#options = options;
    this.#instance = options.instance ?? this.#holder;
  }

  /** True while this process is the one. */
  get holds(): boolean {
    return this.#tag !== undefined;
  }

  /** Begins, and comes back when it is known for the first time whether this process is the one. */
  async start(): Promise<void> {
    this.#loop = this.#run();
    await this.#first.promise;
  }

  /** Lets the next one in at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
    if (this.#tag === undefined) return;
    const released = { instance: "", holder: "", beat: 0 };
    await this.#options.store.swap(KEY, encodeJson(released), this.#tag).catch(() => {});
    this.#tag = undefined;
  }

  async #run(): Promise<void> {
    const { deadAfterMs = 10_000, log } = this.#options;
    const { signal } = this.#closing;
    for (let told = ""; !signal.aborted;) {
      const problem = await this.#step(deadAfterMs).then(() => "", (error) => errorToRecord(error).message);
      if (problem !== "" && problem !== told) log(`it is not known who drives the jobs: ${problem}`);
      told = problem;
      this.#first.resolve();
      await pause(this.holds ? deadAfterMs / 3 : deadAfterMs / 10, signal);
    }
  }

  async #step(deadAfterMs: number): Promise<void> {
    const { onLost, log } = this.#options;
    if (this.#tag !== undefined) {
      const tag = await this.#write(this.#tag) ?? await this.#recognise();
      this.#tag = tag;
      if (tag !== undefined) return await this.#announce();
      this.#announced = false;
      log("another process drives the jobs of this store now", { level: "warn" });
      return await onLost();
    }
    const there = await this.#read();
    const { holder } = there ?? {};
    if (there && holder && holder.holder !== "" && holder.instance !== this.#instance) {
      if (this.#seen?.tag !== there.tag) {
        const who = `the process ${holder.instance} drives the jobs of this store; this one stands by`;
        if (!this.#seen) log(who, { level: "info" });
        this.#seen = { tag: there.tag, since: performance.now() };
      }
      if (performance.now() - this.#seen.since < deadAfterMs) return;
    }
    this.#tag = await this.#write(there?.tag);
    this.#seen = undefined;
    if (this.#tag !== undefined) await this.#announce();
  }

  /** Again with the next beat where it fails. */
  async #announce(): Promise<void> {
    if (this.#announced) return;
    await this.#options.onHeld();
    this.#announced = true;
  }

  /** Who holds the store, as far as that is legible, and the tag of what says so. */
  async #read() {
    const there = await this.#options.store.getTagged(KEY);
    return there && { holder: HolderSchema.safeParse(decodeJson(there.bytes)).data, tag: there.tag };
  }

  async #write(expected: string | undefined): Promise<string | undefined> {
    const mine = { instance: this.#instance, holder: this.#holder, beat: this.#beat++ };
    return await this.#options.store.swap(KEY, encodeJson(mine), expected);
  }

  /** A write that was given up may have been done all the same. */
  async #recognise(): Promise<string | undefined> {
    const there = await this.#read();
    return there?.holder?.holder === this.#holder ? await this.#write(there.tag) : undefined;
  }
}
