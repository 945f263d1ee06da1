/**
 * Jobs, kept in a store so that they outlive the process, and so that several processes can share them.
 *
 * `jobs/DAY/ID.json` is the record of a job; `owners/HASH/DAY/ID` stands beside it for lists of one owner; `live/ID.json` as
 * long as there is anything left to do for it.
 */
import type { JobStatus } from "shared/contract/job_status.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { hashHex } from "shared/image/output/hash.ts";
import { decodeJson } from "shared/image/zarr/json.ts";
import type { Store } from "shared/storage/store.ts";
import { z } from "zod";
import { dayOf, jobTime } from "./job_id.ts";
import { type JobRecord, JobRecordSchema } from "./job_record.ts";

/** A record and the tag that it is swapped by. */
export interface TaggedRecord {
  readonly record: JobRecord;
  readonly tag: string;
}

const LiveMarkSchema = z.object({ output: z.string() });

interface IdRange {
  readonly owner?: string | undefined;
  /** Milliseconds since 1970, both exclusive. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  /** An id; older ones are wanted. */
  readonly olderThan?: string | undefined;
}

/** The records of a store, and the marks beside them. */
export class JobStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Writes the record of a new job.
   *
   * @returns its tag; undefined if the job is already there
   */
  async create(record: JobRecord): Promise<string | undefined> {
    const { id, owner } = record.status;
    if (owner !== undefined) await this.#store.put(await ownerKey(owner, id), new Uint8Array(0));
    return await this.#store.swap(recordKey(id), encode(record), undefined);
  }

  /** Replaces a record if it still has the tag; the new tag, or undefined if it has not. */
  async swap(record: JobRecord, tag: string): Promise<string | undefined> {
    return await this.#store.swap(recordKey(record.status.id), encode(record), tag);
  }

  /** The record of a job; undefined if there is no such job. */
  async read(id: string): Promise<TaggedRecord | undefined> {
    if (jobTime(id) === undefined) return undefined;
    const found = await this.#store.getTagged(recordKey(id));
    if (found === undefined) return undefined;
    try {
      return { record: JobRecordSchema.parse(JSON.parse(new TextDecoder().decode(found.bytes))), tag: found.tag };
    } catch (cause) {
      const message = `the stored record of job ${id} cannot be read: remove ${recordKey(id)} to forget the job`;
      throw new ClearstackError("corrupt-data", message, { cause });
    }
  }

  /** The status of a job; undefined if there is no such job. */
  async status(id: string): Promise<JobStatus | undefined> {
    return (await this.read(id))?.record.status;
  }

  /** As {@link read}, but undefined also for a record that is damaged, or of another version: one must not hide the others. */
  async legible(id: string): Promise<TaggedRecord | undefined> {
    try {
      return await this.read(id);
    } catch (error) {
      if (isClearstackError(error, "corrupt-data")) return undefined;
      throw error;
    }
  }

  /** Removes all that is stored of a job. */
  async remove({ status: { id, owner } }: JobRecord): Promise<void> {
    if (owner !== undefined) await this.#store.delete(await ownerKey(owner, id));
    await this.#store.delete(recordKey(id));
  }

  /** Ids of jobs, newest first; folders of days that nobody wants are not looked into. */
  async *ids({ owner, after = -Infinity, before = Infinity, olderThan }: IdRange = {}): AsyncGenerator<string> {
    const folder = owner === undefined ? "jobs/" : `${await ownerFolder(owner)}/`;
    const newest = Math.min(before, olderThan === undefined ? Infinity : (jobTime(olderThan) ?? -Infinity) + 1);
    const days = (await Array.fromAsync(this.#store.listNames(folder))).sort().reverse();
    for (const day of days) {
      const start = Date.parse(day.slice(0, -1));
      if (start >= newest || start + 86_400_000 <= after) continue;
      const names = await Array.fromAsync(this.#store.listNames(folder + day));
      for (const id of names.map((name) => name.replace(/\.json$/, "")).sort().reverse()) {
        const time = jobTime(id);
        if (time === undefined || time <= after || time >= before) continue;
        if (olderThan === undefined || id < olderThan) yield id;
      }
    }
  }

  /** Those of some jobs that are of an owner, by the owner's own list: no record is read. */
  async ownIds(owner: string, ids: readonly string[]): Promise<string[]> {
    const folder = await ownerFolder(owner);
    const days = new Set(ids.map((id) => dayOf(jobTime(id)!)));
    const listed = await Promise.all(
      [...days].map((day) => Array.fromAsync(this.#store.listNames(`${folder}/${day}/`))),
    );
    const own = new Set(listed.flat());
    return ids.filter((id) => own.has(id));
  }

  /** Ids of the jobs for which there is anything left to do. */
  async liveIds(): Promise<string[]> {
    const names = await Array.fromAsync(this.#store.listNames("live/"));
    return names.map((name) => name.replace(/\.json$/, "")).filter((id) => jobTime(id) !== undefined);
  }

  /** Says that there is something to do for a job, and at which place it writes. */
  async markLive(id: string, output: string): Promise<void> {
    await this.#store.put(`live/${id}.json`, new TextEncoder().encode(JSON.stringify({ output })));
  }

  /** Place that a live job writes to; undefined also where its mark is damaged, which must keep nobody else out. */
  async liveOutput(id: string): Promise<string | undefined> {
    return LiveMarkSchema.safeParse(decodeJson(await this.#store.get(`live/${id}.json`))).data?.output;
  }

  /** Says that nothing is left to do for a job. */
  async release(id: string): Promise<void> {
    await this.#store.delete(`live/${id}.json`);
  }

  /** @throws {ClearstackError} if the store does not answer */
  async check(): Promise<void> {
    await this.#store.head("driver.json");
  }
}

function encode(record: JobRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

function recordKey(id: string): string {
  return `jobs/${dayOf(jobTime(id)!)}/${id}.json`;
}

/** Names of owners come from outside, and may be anything. */
async function ownerFolder(owner: string): Promise<string> {
  return `owners/${(await hashHex(new TextEncoder().encode(owner))).slice(0, 32)}`;
}

async function ownerKey(owner: string, id: string): Promise<string> {
  return `${await ownerFolder(owner)}/${dayOf(jobTime(id)!)}/${id}`;
}
