/** Statuses of jobs, kept in a store so that they outlive the process. */
import type { JobStatus } from "shared/contract/job_status.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";

/** One object for each job. */
export class JobStore {
  readonly #store: Store;
  /** Writes of one job follow each other, so that an older status never replaces a newer one. */
  readonly #writes = new Map<string, Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Writes a status after those that were given before. */
  save(status: JobStatus): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(status));
    const before = this.#writes.get(status.id) ?? Promise.resolve();
    const write = before.catch(() => {}).then(async () => {
      await this.#store.put(keyOf(status.id), bytes);
    });
    this.#writes.set(status.id, write);
    const forget = () => {
      if (this.#writes.get(status.id) === write) this.#writes.delete(status.id);
    };
    write.then(forget, forget);
    return write;
  }

  /** The status of a job; undefined if there is no such job. */
  async get(id: string): Promise<JobStatus | undefined> {
    if (!isJobId(id)) return undefined;
    const bytes = await this.#store.get(keyOf(id));
    if (bytes === undefined) return undefined;
    try {
      return JobStatusSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } catch (cause) {
      throw new ClearstackError("corrupt-data", `the stored status of job ${id} cannot be read`, { cause });
    }
  }

  /** Ids of all jobs, newest first. */
  async ids(): Promise<string[]> {
    const ids: string[] = [];
    for await (const name of this.#store.listNames(FOLDER)) {
      const id = name.replace(/\.json$/, "");
      if (isJobId(id)) ids.push(id);
    }
    return ids.sort().reverse();
  }
}

const FOLDER = "jobs/";

function keyOf(id: string): string {
  return `${FOLDER}${id}.json`;
}

/** Ids become keys: nothing else may. */
function isJobId(id: string): boolean {
  return /^[0-9a-z]{1,16}-[0-9a-f]{8}$/.test(id);
}

/** A new id; ids sort by the time they were made. */
export function newJobId(now: Date): string {
  return `${now.getTime().toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}
